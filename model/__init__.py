"""What a pipeline is: records, facts, processes, calibration, money, calendar, errors. Pure."""
