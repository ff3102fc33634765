class bells.ringers.Peal
