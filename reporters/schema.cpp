#include "reporters/schema.h"

namespace fencepost::reporters {

// Times are whole nanoseconds since the start of the simulation in columns named …_ns; views give seconds
// since t=0.
const char* const kSchema = R"sql(
CREATE TABLE run (
  id           INTEGER PRIMARY KEY CHECK (id = 1),
  scenario     TEXT NOT NULL,             -- its name
  path         TEXT NOT NULL,             -- the file it came from
  about        TEXT NOT NULL,
  seed         INTEGER NOT NULL,
  profile      TEXT NOT NULL,
  version      TEXT NOT NULL,             -- of Fencepost
  t0_ns        INTEGER,                   -- what the views count from
  end_ns       INTEGER,
  status       TEXT NOT NULL,             -- 'running' (cut short, if nobody is at it) or 'complete'
  verdict      TEXT,                      -- held, broken, undecided
  fingerprint  TEXT
) STRICT;
CREATE TABLE input (                      -- every file the run was made from, so that it can be run again
  name         TEXT PRIMARY KEY,          -- as the scenario names it; '' is the scenario itself
  content      BLOB NOT NULL
) STRICT;
CREATE TABLE node (
  name         TEXT PRIMARY KEY
) STRICT;
CREATE TABLE record (                     -- everything, in order, in words
  seq          INTEGER PRIMARY KEY,
  t_ns         INTEGER NOT NULL,
  node         TEXT,                      -- whose journal; NULL: the world
  kind         TEXT NOT NULL,
  subject      TEXT NOT NULL,
  weight       INTEGER NOT NULL,          -- 0 noise, 1 detail, 2 normal, 3 headline
  text         TEXT NOT NULL
) STRICT;
CREATE TABLE transition (
  seq          INTEGER PRIMARY KEY,       -- order of calculation over the whole run
  dc           TEXT NOT NULL,
  id           INTEGER NOT NULL,          -- the DC's own number
  calculated_ns INTEGER NOT NULL,
  started_ns   INTEGER,
  ended_ns     INTEGER,
  reason       TEXT NOT NULL,             -- what asked for it
  abort_reason TEXT,                      -- the first one, if it was aborted
  status       TEXT,                      -- complete, stopped, terminated
  completed    INTEGER,
  incomplete   INTEGER,
  graph_dot    TEXT NOT NULL,             -- as crm_simulate -D draws it
  graph_xml    TEXT NOT NULL,             -- as crm_simulate -G writes it
  input_cib    TEXT NOT NULL              -- what it was calculated from; crm_simulate -x reads it
) STRICT;
CREATE TABLE change (                     -- what a transition set out to do: the lines of its summary
  transition   INTEGER NOT NULL REFERENCES transition(seq),
  place        INTEGER NOT NULL,
  verb         TEXT NOT NULL,
  resource     TEXT NOT NULL,
  origin       TEXT,
  destination  TEXT,
  reason       TEXT NOT NULL,
  PRIMARY KEY (transition, place)
) STRICT;
CREATE TABLE action (
  seq          INTEGER PRIMARY KEY,
  transition   INTEGER REFERENCES transition(seq),
  id           INTEGER,                   -- in the transition's graph
  kind         TEXT NOT NULL,             -- resource, pseudo, cluster
  node         TEXT NOT NULL,
  resource     TEXT NOT NULL,
  operation    TEXT NOT NULL,
  interval_ms  INTEGER NOT NULL,
  why          TEXT NOT NULL,
  planned_ns   INTEGER,
  initiated_ns INTEGER,                   -- the DC sent it
  started_ns   INTEGER,                   -- the executor ran it
  finished_ns  INTEGER,
  rc           INTEGER,
  status       TEXT,
  exit_reason  TEXT
) STRICT;
CREATE INDEX action_by_transition ON action (transition, id);
CREATE TABLE result (                     -- later results of recurring actions that were news
  seq          INTEGER PRIMARY KEY,
  t_ns         INTEGER NOT NULL,
  node         TEXT NOT NULL,
  resource     TEXT NOT NULL,
  operation    TEXT NOT NULL,
  interval_ms  INTEGER NOT NULL,
  rc           INTEGER,
  status       TEXT NOT NULL,
  exit_reason  TEXT NOT NULL
) STRICT;
CREATE TABLE fence (
  seq          INTEGER PRIMARY KEY,
  target       TEXT NOT NULL,
  action       TEXT NOT NULL,
  reason       TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  requested_ns INTEGER NOT NULL,
  finished_ns  INTEGER,
  success      INTEGER,
  delegate     TEXT,
  device       TEXT,
  failure      TEXT
) STRICT;
CREATE TABLE fence_call (                 -- runs of fence agents
  seq          INTEGER PRIMARY KEY,
  node         TEXT NOT NULL,             -- that ran it
  device       TEXT NOT NULL,
  agent        TEXT NOT NULL,
  target       TEXT NOT NULL,
  action       TEXT NOT NULL,
  started_ns   INTEGER NOT NULL,
  finished_ns  INTEGER,
  rc           INTEGER,
  timed_out    INTEGER
) STRICT;
CREATE TABLE role (                       -- true roles, as intervals
  resource     TEXT NOT NULL,
  node         TEXT NOT NULL,
  role         TEXT NOT NULL,
  from_ns      INTEGER NOT NULL,
  until_ns     INTEGER                    -- NULL: to the end
) STRICT;
CREATE TABLE outage (
  resource     TEXT NOT NULL,
  from_ns      INTEGER NOT NULL,
  until_ns     INTEGER NOT NULL,
  open         INTEGER NOT NULL,          -- 1: the run ended first
  detect_ns    INTEGER NOT NULL, decide_ns  INTEGER NOT NULL, fence_ns INTEGER NOT NULL,
  stop_ns      INTEGER NOT NULL, promote_ns INTEGER NOT NULL, start_ns INTEGER NOT NULL,
  client_ns    INTEGER NOT NULL
) STRICT;
CREATE TABLE fault (
  seq          INTEGER PRIMARY KEY,
  number       INTEGER NOT NULL,          -- its place in the scenario, from 0
  verb         TEXT NOT NULL,
  target       TEXT NOT NULL,
  text         TEXT NOT NULL,
  from_ns      INTEGER NOT NULL,
  until_ns     INTEGER
) STRICT;
CREATE TABLE blocked (                    -- processes that waited in the kernel
  seq          INTEGER PRIMARY KEY,
  node         TEXT NOT NULL,
  pid          INTEGER NOT NULL,
  command      TEXT NOT NULL,
  call         TEXT NOT NULL,             -- statfs, stat, umount …
  object       TEXT NOT NULL,             -- the mount or device
  killable     INTEGER NOT NULL,
  resource     TEXT NOT NULL,
  operation    TEXT NOT NULL,
  from_ns      INTEGER NOT NULL,
  until_ns     INTEGER,
  killed       INTEGER
) STRICT;
CREATE TABLE state (                      -- changes of things: DRBD, mounts, NFS servers, links, databases
  seq          INTEGER PRIMARY KEY,
  t_ns         INTEGER NOT NULL,
  node         TEXT NOT NULL,
  kind         TEXT NOT NULL,
  object       TEXT NOT NULL,
  was          TEXT NOT NULL,
  became       TEXT NOT NULL
) STRICT;
CREATE TABLE violation (
  seq          INTEGER PRIMARY KEY,
  t_ns         INTEGER NOT NULL,
  invariant    TEXT NOT NULL,
  text         TEXT NOT NULL
) STRICT;
CREATE TABLE tape (                       -- of a live run: what each engine was told, for `fencepost replay`
  node         TEXT NOT NULL,
  life         INTEGER NOT NULL,          -- of `fencepost node`, from 0
  content      BLOB NOT NULL,
  PRIMARY KEY (node, life)
) STRICT;
CREATE TABLE expectation (
  place        INTEGER PRIMARY KEY,
  text         TEXT NOT NULL,
  verdict      TEXT NOT NULL,
  why          TEXT NOT NULL
) STRICT;

CREATE VIEW timeline AS
  SELECT round((r.t_ns - run.t0_ns) / 1e9, 3) AS t, r.subject, r.text, r.kind, r.weight
  FROM record r, run WHERE r.t_ns >= run.t0_ns AND r.weight >= 2 ORDER BY r.seq;
CREATE VIEW actions AS
  SELECT a.transition, a.id, a.node, a.resource, a.operation, a.interval_ms,
         round((a.started_ns - run.t0_ns) / 1e9, 3) AS started, round((a.finished_ns - run.t0_ns) / 1e9, 3) AS finished,
         round((a.finished_ns - a.started_ns) / 1e9, 3) AS seconds, a.rc, a.status, a.exit_reason, a.why
  FROM action a, run WHERE a.kind = 'resource' ORDER BY a.seq;
CREATE VIEW fences AS
  SELECT f.target, f.action, f.reason, f.requested_by, f.delegate, f.device, f.success, f.failure,
         round((f.requested_ns - run.t0_ns) / 1e9, 3) AS requested,
         round((f.finished_ns - f.requested_ns) / 1e9, 3) AS seconds
  FROM fence f, run ORDER BY f.seq;
CREATE VIEW outages AS
  SELECT o.resource, round((o.from_ns - run.t0_ns) / 1e9, 3) AS "from",
         round((o.until_ns - o.from_ns) / 1e9, 3) AS seconds, o.open,
         round(o.detect_ns / 1e9, 3) AS detect, round(o.decide_ns / 1e9, 3) AS decide, round(o.fence_ns / 1e9, 3) AS fence,
         round(o.stop_ns / 1e9, 3) AS stop, round(o.promote_ns / 1e9, 3) AS promote, round(o.start_ns / 1e9, 3) AS start,
         round(o.client_ns / 1e9, 3) AS client
  FROM outage o, run ORDER BY o.from_ns, o.resource;
CREATE VIEW roles AS
  SELECT r.resource, r.node, r.role, round((r.from_ns - run.t0_ns) / 1e9, 3) AS "from",
         round((coalesce(r.until_ns, run.end_ns) - r.from_ns) / 1e9, 3) AS seconds
  FROM role r, run ORDER BY r.from_ns, r.resource, r.node;
)sql";

}  // namespace fencepost::reporters
