"""Finding, trimming and splitting the sounds of an atlas."""
