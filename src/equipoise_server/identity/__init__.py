"""Who is who. Nothing of the study data refers to it by anything but a token."""
