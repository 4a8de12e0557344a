package consumer

import kcl "github.com/vmware/vmware-go-kcl-v2/clientlibrary/interfaces"

// processor is the library's record processor for one shard. What it is given are envelopes: it takes the
// answer itself from the shard's reader. It never uses the library's checkpointer.
type processor struct {
	leases *leases
	reader *reader
}

// CreateProcessor makes a processor; the library calls it for each consumer.
func (l *leases) CreateProcessor() kcl.IRecordProcessor { return &processor{leases: l} }

func (p *processor) Initialize(in *kcl.InitializationInput) { p.reader = p.leases.reader(in.ShardId) }

func (p *processor) ProcessRecords(*kcl.ProcessRecordsInput) { p.reader.deliver() }

// Shutdown has nothing to do: a shard's end is committed before the library hears of it, and every other
// end drains in RemoveLeaseOwner, the one hook that always runs.
func (p *processor) Shutdown(*kcl.ShutdownInput) {}
