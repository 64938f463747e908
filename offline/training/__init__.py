"""Train the chop net on audio whose chops are known because this code placed the sounds.

sounds    one-shots and loops from folders, and drums made by rule
plans     which sound falls where: grooves, chords, bass, lead
notes     the tonal parts, played by fluidsynth
records   plan + sounds -> audio and its true chops
wear      tuning, equalising, saturation, crackle, hiss, hum
features  audio -> windows, through the very classes that run live
labels    chops -> a target and a weight for every frame
net       the Keras model and its fitting
export    .tflite and manifest
scoring   windows -> events -> how good they are
"""
