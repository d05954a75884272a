"""Files of pictures at the sites, and their masked reading."""
