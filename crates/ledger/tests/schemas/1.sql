-- The first release's tables, with a row in each. Never edited: this is what lies on disks.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE intents (
    client_order_id TEXT PRIMARY KEY,
    account TEXT NOT NULL, date TEXT NOT NULL, strategy TEXT NOT NULL, symbol TEXT NOT NULL,
    leg TEXT NOT NULL, attempt INTEGER NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    broker_id TEXT, protective_stop TEXT, note TEXT NOT NULL,
    UNIQUE (account, date, strategy, symbol, leg, attempt)
) STRICT;
CREATE INDEX intents_by_state ON intents (state);
CREATE INDEX intents_by_time ON intents (recorded_at);
CREATE TABLE executions (
    id TEXT PRIMARY KEY, order_id TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL,
    qty TEXT NOT NULL, price TEXT NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE INDEX executions_by_time ON executions (at);
CREATE TABLE refusals (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, symbol TEXT NOT NULL, purpose TEXT NOT NULL,
    reason TEXT NOT NULL, detail TEXT NOT NULL
) STRICT;
CREATE TABLE events (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL
) STRICT;
INSERT INTO meta VALUES ('account', 'PA3');
INSERT INTO intents VALUES ('pc_PA3_20261120_avwap_AAPL_entry_1', 'PA3', '2026-11-20', 'avwap', 'AAPL', 'entry', 1,
    '{"client_order_id":"pc_PA3_20261120_avwap_AAPL_entry_1","symbol":"AAPL","side":"buy","qty":"10",
      "kind":{"type":"limit","limit":"50.53"},"time_in_force":"day","purpose":"open"}',
    'recorded', 1795190400000000000, NULL, '48', '');
INSERT INTO executions VALUES ('f1', 'b1', 'AAPL', 'buy', '10', '50.47', 1795190400000000000);
INSERT INTO refusals VALUES (1, 1795190400000000000, 'MSFT', 'open', 'kill_switch', 'level Entries');
INSERT INTO events VALUES (1, 1795190400000000000, 'alert', 'AAPL/no-stop', 'no stop');
PRAGMA application_id = 0x50434c53; PRAGMA user_version = 1; PRAGMA journal_mode = WAL;
