"""Where everything is put together: composition root, processes, command line, demo city, migrations."""
