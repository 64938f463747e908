"""Train models on labelled audio: one loop, and a task for each kind of net.

loop               fit, calibrate, write the model with its figures and its card; the protocol of a task
tasks/             chop, drums, harmony, tags: data, targets, calibration of each; chop61, the classic nets over windows
streaming          what streaming nets have in common as tasks: excerpts of records, augmented; members, averaged
streaming_targets  audio and annotation -> features and targets, through the very classes that run live
dataset            folders of labelled recordings -> shards of features on disk, read as they are needed
tcn                the streaming net: over sequences, and as steps; its weights as plain arrays
stream_export      steps of a streaming net as a .tflite
measures           precision, recall, F-measure, how often a score is right; figures of these, as PNG
keras_models       TensorFlow, imported in one place; from a Keras net to .tflite, manifest and card
"""
