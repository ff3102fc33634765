class bells.ringers.FoundryTeam(size=None)
