"""What a person decided about a record, apart from what the machine finds: decisions, corrections, settings, edits.

model      what a project is     commands   edits as plain data, applied by a pure function
history    undo and redo         document   a project as JSON, and older schemas
conflicts  decisions that lost their clear place
store      its files, written so that nothing is lost, and by one program at a time
fingerprint, alignment, realign    its places in another file of the record, by what that sounds like
"""
