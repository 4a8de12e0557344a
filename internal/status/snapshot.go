package status

import "time"

// Form is the version of Snapshot's JSON. It grows when a member changes its meaning or goes; members may be added without.
const Form = 1

// Snapshot is an application at one moment. Members are left out where nothing is known of them.
type Snapshot struct {
	Form        int       `json:"form"`
	Time        time.Time `json:"time"`
	Application string    `json:"application"`
	Stream      string    `json:"stream"`
	Table       string    `json:"table"`
	Worker      string    `json:"worker,omitempty"`  // that made this; "" = the command
	Program     string    `json:"program,omitempty"` // its version
	Started     time.Time `json:"started,omitzero"`

	Verdict  Verdict   `json:"verdict"`
	Shards   Shards    `json:"shards"`
	Workers  []Worker  `json:"workers"`
	Batches  []Batch   `json:"batches"`            // not yet visible: of the worker, or of all
	Commits  []Commit  `json:"commits,omitempty"`  // of the worker, the newest first
	Paths    *Paths    `json:"paths,omitempty"`    // of the worker
	Memory   *Memory   `json:"memory,omitempty"`   // of the worker
	Troubles []Trouble `json:"troubles,omitempty"` // what fails now, at the worker
	Hour     *Hour     `json:"hour,omitempty"`     // counted by the worker in the last hour
	History  *History  `json:"history,omitempty"`  // of the worker
}

// Shards are those of the application.
type Shards struct {
	Total    int     `json:"total"` // that are to be read: neither finished nor waiting for their parents
	Read     int     `json:"read"`  // by a living worker
	Unowned  int     `json:"unowned"`
	Waiting  int     `json:"waiting"` // for their parents to be finished
	Finished int     `json:"finished"`
	Lag      float64 `json:"lag_seconds"`       // the most of those that are read
	Worst    string  `json:"worst,omitempty"`   // the shard with that lag
	Shown    []Shard `json:"shown"`             // of those not finished, the ones that lag most first
	More     int     `json:"more,omitempty"`    // that are not shown
	Damaged  int     `json:"damaged,omitempty"` // rows of the lease table that can not be trusted
	Newer    int     `json:"newer,omitempty"`   // rows of it that only a newer version can read

	room int // how many shards the living workers may own by leases.max_leases; -1 = there is no limit
}

// Shard is one that is not finished.
type Shard struct {
	ID         string    `json:"id"`
	State      string    `json:"state"` // reading, leaving, waiting, unowned, or silent: its owner's heartbeat stands still
	Owner      string    `json:"owner,omitempty"`
	Lag        *float64  `json:"lag_seconds,omitempty"`   // behind the tip of the shard
	Checkpoint string    `json:"checkpoint,omitempty"`    // everything up to here is in S3
	Visible    time.Time `json:"visible_until,omitzero"`  // arrival of the record at the checkpoint
	Position   string    `json:"position,omitempty"`      // read up to here; of the worker's own shards
	Pending    string    `json:"pending_batch,omitempty"` // promised, and not yet visible
	Records    *float64  `json:"records_per_second,omitempty"`
	Bytes      *float64  `json:"bytes_per_second,omitempty"`
}

// Worker is one of the application's. What it does is as of its last heartbeat.
type Worker struct {
	ID        string    `json:"id"`
	This      bool      `json:"this,omitempty"` // it made the snapshot
	State     string    `json:"state"`          // alive, leaving, silent, or unknown: it says nothing of itself that is understood
	Heard     time.Time `json:"heard,omitzero"` // when it made its last report, by its own clock
	Program   string    `json:"program,omitempty"`
	Started   time.Time `json:"started,omitzero"`
	Shards    int       `json:"shards"` // it owns
	Lag       *float64  `json:"lag_seconds,omitempty"`
	Records   *float64  `json:"records_per_second,omitempty"` // read, in the last minute
	Bytes     *float64  `json:"bytes_per_second,omitempty"`
	Memory    *Memory   `json:"memory,omitempty"`
	OpenPaths *int      `json:"open_paths,omitempty"`
	Oldest    *float64  `json:"oldest_seconds,omitempty"` // how long its oldest record that is not visible has been held
	Commit    *Commit   `json:"last_commit,omitempty"`
	Troubles  []Trouble `json:"troubles,omitempty"`
}

// Batch is one that is not yet visible.
type Batch struct {
	ID      string    `json:"id,omitempty"`
	Owner   string    `json:"owner,omitempty"`
	Stage   string    `json:"stage"` // filling, closing, intent, completing, dropping; or promised, as the lease table says
	Cause   string    `json:"cause,omitempty"`
	Opened  time.Time `json:"opened,omitzero"`
	Shards  int       `json:"shards,omitempty"`
	Objects int       `json:"objects,omitempty"`
	Records int64     `json:"records,omitempty"`
	Bytes   int64     `json:"bytes,omitempty"`
}

// Commit is a batch that became visible.
type Commit struct {
	Batch    string    `json:"batch,omitempty"`
	Cause    string    `json:"cause"`
	Visible  time.Time `json:"visible"`
	Seconds  float64   `json:"seconds"` // from the cut on, of which …
	Closing  float64   `json:"close_seconds"`
	Intent   float64   `json:"intent_seconds"`
	Complete float64   `json:"complete_seconds"`
	Open     float64   `json:"open_seconds"` // before the cut
	Shards   int       `json:"shards,omitempty"`
	Objects  int       `json:"objects"`
	Records  int64     `json:"records"`
	Bytes    int64     `json:"bytes"` // before compression
	Stored   int64     `json:"stored_bytes"`
}

// Paths are the open ones.
type Paths struct {
	Open  int    `json:"open"`
	Shown []Path `json:"shown"` // the 100 with the most bytes
}

// Path is one with an open object.
type Path struct {
	Output  string `json:"output"`
	Path    string `json:"path"`
	Records int64  `json:"records"`
	Bytes   int64  `json:"bytes"` // before compression
	Held    int64  `json:"memory_bytes"`
}

// Memory is what is taken of buffer.memory.
type Memory struct {
	Used   int64 `json:"used_bytes"`
	Budget int64 `json:"budget_bytes"`
}

// Trouble is an operation that fails and is repeated.
type Trouble struct {
	Doing string    `json:"doing"` // in plain words
	On    string    `json:"on,omitempty"`
	Why   string    `json:"why"`
	Since time.Time `json:"since"`
	Count int       `json:"attempts"`
	More  int       `json:"more,omitempty"` // others of the same kind: so many objects, or shards
}

// Hour is what was counted in the last hour, or since the start.
type Hour struct {
	Seconds  int64            `json:"seconds"` // how long that is
	Records  int64            `json:"read_records"`
	Bytes    int64            `json:"read_bytes"`
	Visible  int64            `json:"delivered_records"`
	Stored   int64            `json:"stored_bytes"`
	Commits  int              `json:"commits"`
	Rejected map[string]int64 `json:"rejected,omitempty"` // sent to the error output, by code
	Retries  map[string]int64 `json:"retries,omitempty"`  // in plain words
	Dropped  int64            `json:"batches_dropped,omitempty"`
	Undone   int64            `json:"batches_undone,omitempty"`
	Gaps     int64            `json:"retention_gaps,omitempty"`
}

func ptr[T any](v T) *T { return &v }

func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }
