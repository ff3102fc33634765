class bells.ringers.Team
