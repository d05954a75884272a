"""De-identification of files before they are kept: DICOM, PNG and PDF, by content alone.

What comes out is written anew from what was understood of the file; no byte of the original
is kept. `clean.clean` is the one way in.
"""

import logging
import warnings

logging.getLogger("pydicom").disabled = True  # its complaints quote what stands in a file
warnings.filterwarnings("ignore", module=r"pydicom(\..*)?")
