-- What the second release made of the first's, with a row in what is new.
ALTER TABLE intents ADD COLUMN replaces TEXT;
ALTER TABLE intents ADD COLUMN trade TEXT;
CREATE TABLE splits (
    id TEXT PRIMARY KEY, symbol TEXT NOT NULL, effective INTEGER NOT NULL, new INTEGER NOT NULL, old INTEGER NOT NULL
) STRICT;
INSERT INTO splits VALUES ('s1', 'AAPL', 1795100000000000000, 2, 1);
PRAGMA user_version = 2;
