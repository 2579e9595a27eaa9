blueprints = ()
