"""What leaves equipoise for others, and registry records that come in.

bundle        a folder of files, whole or not at all, with checksums
source        what an export reads, as iterators
csv           tables for statisticians, with codebook, audit and ledger
odm           ODM 1.3.2: metadata and clinical data with their audit
registration  ClinicalTrials.gov shape, the WHO 24 items, and their gaps
fhir          ResearchStudy and Questionnaires
registry      a ClinicalTrials.gov record becomes a draft study folder
"""
