class bells.ringers.RopeTeam(size=None, name_of_each='')
