"""Train models on labelled audio.

task       what a streaming net hears and is asked; chops, and offline/training/tasks/drum_targets.py, say it of theirs
targets    what a net should say at every frame, and where nobody knows
prepare    audio -> features, through the very classes that run live
folder     folders of labelled recordings or crates -> shards
shards     features on disk, read as they are needed
tcn        the streaming net: over sequences, and as one step
fit        random stretches of records, altered a little
loop       the training loop of all nets: until it learns no more
members    several nets of one shape, averaged, and proved on disk
calibrate  thresholds, and how often a score is right
stream     all of that, in order, for chops; or a released net moved towards its user
windows    what nets over single windows hear, and are asked
windowed   those nets: the classic one, and two to compare with
export     .tflite and manifest; weights: what fine-tuning starts from
progress   how far it has come
report     pictures; card: what a model is, for people
"""
