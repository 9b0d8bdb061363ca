"""What tests stand on: databases, a browser, a report of what ran. No test and no test data lives here."""
