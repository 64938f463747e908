"""The folder of an atlas on disk: the sounds and the tables and arrays beside them."""
