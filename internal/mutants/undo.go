package mutants

const (
	abortJournal = "\t\tif err := s.abort(ctx, *item.Journal); err != nil {\n\t\t\treturn \"\", err\n\t\t}\n"
	takeBack     = "\t\tif err := s.takeBack(ctx, item); err != nil {\n\t\t\treturn \"\", err\n\t\t}\n"
	abortObject  = "\t\t\tif err := s.abort(gctx, o.Upload); err != nil {\n\t\t\t\treturn err\n\t\t\t}\n"
	deleteObject = "\t\t\treturn s.delete(gctx, o.Upload)\n"
	deleteLast   = "\treturn s.delete(ctx, *item.Journal)\n"
)

// undoRules are about taking a batch back (rules 15 to 18).
var undoRules = []Mutant{
	{Name: "15 marks what is gone", Rule: 15, Killer: "^TestCompletionArrivesDuringAnUndo$/^after_clear$", Why: "a mark that comes in late makes an item that nobody can finish",
		Edits: []Edit{{"consumer/transactions.go", `aws.String("batchState = :committed")`, `aws.String("batchState = :committed OR attribute_not_exists(batchState)")`}}},
	{Name: "15 does not mark", Rule: 15, Why: "objects of a batch are deleted that another worker advances: loss",
		Edits: []Edit{{"sink/carryout.go", "if err := s.mark(ctx, *item, err); err != nil {", "if _, err := s.undo(ctx, *item); err != nil || again.pause(ctx) != nil {"}}},
	{Name: "15 never takes back", Rule: 15, Why: "a batch with a vanished upload stays pending for ever",
		Edits: []Edit{{"sink/carryout.go", "case errors.Is(err, errGone):", "case errors.Is(err, errGone) && again.pause(ctx) != nil:"}, {"sink/carryout.go", "\t\tcase errors.Is(err, errLookAgain):\n", "\t\tcase errors.Is(err, errLookAgain), errors.Is(err, errGone):\n"}}},
	{Name: "16 does not abort the journal", Rule: 16, Killer: "^TestUndoAbortsTheJournalBeforeItLooksForIt$", Why: "a completion under way brings the journal back, and its maker goes on",
		Edits: []Edit{{"sink/undo.go", abortJournal, ""}}},
	{Name: "16 looks for the journal before it aborts it", Rule: 16, Killer: "^TestUndoAbortsTheJournalBeforeItLooksForIt$", Why: "a completion that comes in between brings the journal back, and its maker goes on",
		Edits: []Edit{{"sink/undo.go", abortJournal + takeBack, takeBack + abortJournal}}},
	{Name: "16 does not abort the objects", Rule: 16, Why: "a completion by a slow worker makes an object visible after the rows were cleared",
		Edits: []Edit{{"sink/undo.go", abortObject, ""}}},
	{Name: "16 deletes before it aborts", Rule: 16, Why: "a completion between the two makes an object visible that nobody deletes",
		Edits: []Edit{{"sink/undo.go", abortObject, "\t\t\tif err := s.delete(gctx, o.Upload); err != nil {\n\t\t\t\treturn err\n\t\t\t}\n"}, {"sink/undo.go", deleteObject, "\t\t\treturn s.abort(gctx, o.Upload)\n"}}},
	{Name: "16 does not delete the objects", Rule: 16, Why: "an object stays visible whose records are read again",
		Edits: []Edit{{"sink/undo.go", deleteObject, "\t\t\treturn nil\n"}}},
	{Name: "16 deletes the journal first", Rule: 16, Why: "an undo that dies half way can not be finished",
		Edits: []Edit{{"sink/undo.go", "\tg, gctx := errgroup.WithContext(ctx)\n", "\tif err := s.delete(ctx, *item.Journal); err != nil {\n\t\treturn err\n\t}\n\tg, gctx := errgroup.WithContext(ctx)\n"}}},
	{Name: "17 clears before it deletes", Rule: 17, Why: "a crash between the two leaves an object that nobody will delete",
		Edits: []Edit{{"sink/undo.go", "\tif item.Journal != nil {\n" + abortJournal, "\tif err := s.until(ctx, \"dynamodb\", \"Clear\", item.ID, func(ctx context.Context) error { return s.ledger.Clear(ctx, item) }); err != nil {\n\t\tif _, no := refused(err); !no {\n\t\t\treturn \"\", err\n\t\t}\n\t}\n\tif item.Journal != nil {\n" + abortJournal}}},
	{Name: "17 epoch stays", Rule: 17, Why: "the owner of an idle shard may not learn that its batch was undone",
		Edits: []Edit{{"consumer/transactions.go", "SET leaseEpoch = leaseEpoch + :one REMOVE leaseOwner,", "SET leaseEpoch = leaseEpoch + :one - :one REMOVE leaseOwner,"}}},
	{Name: "17 owner stays", Rule: 17, Why: "nobody may acquire the row while its old owner lives",
		Edits: []Edit{{"consumer/transactions.go", "REMOVE leaseOwner, pendingBatch", "REMOVE pendingBatch"}}},
	{Name: "17 checkpoint moves", Rule: 17, Why: "the records of the undone batch are lost",
		Edits: []Edit{{"consumer/transactions.go", "SET leaseEpoch = leaseEpoch + :one REMOVE", "SET leaseEpoch = leaseEpoch + :one, checkpoint = pendingCheckpoint REMOVE"}}},
	{Name: "17 state not checked", Rule: 17, Why: "rows are cleared of a batch whose objects stay",
		Edits: []Edit{{"consumer/transactions.go", "t.deleteItem(it.ID, sink.Undoing)", "t.deleteItem(it.ID, sink.Committed)"}}},
	{Name: "18 does not do a step of an undo twice", Rule: 18, Why: "an undo that died half way is never finished",
		Edits: []Edit{{"sink/undo.go", "return s.store.Abort(ctx, u) }, ErrNoSuchUpload)", "return s.store.Abort(ctx, u) })"}}},
	{Name: "18 leaves what others left behind", Rule: 18, Why: "a batch whose maker died stays pending", Guarded: "whoever leases one of its shards carries it out (3)",
		Edits: []Edit{{"consumer/watch.go", "if w.sweeping[id] || now.Sub(first) < w.c.opts.Failover {", "if w.sweeping[id] || now.Sub(first) < 10000*w.c.opts.Failover {"}}},
}

// together take away all the guards of something that is guarded more than once on purpose.
var together = []Mutant{
	{Name: "8 fence taken out", Rule: 8, Why: "a worker that lost its lease promises records that the new owner delivers",
		Of: []string{"8 owner not checked", "8 epoch not checked", "8 checkpoint not checked", "8 pending not checked"}},
	{Name: "8 owner and epoch not checked", Rule: 8, Why: "a worker that lost its lease promises a batch", Of: []string{"8 owner not checked", "8 epoch not checked"}},
	{Name: "3 and 8 assumes what was pending, checkpoint not checked", Rule: 3, Why: "the records of an undone batch are lost", Of: []string{"3 assumes that what was pending was delivered", "8 checkpoint not checked"}},
	{Name: "3 and 8 reads while something is pending, which is not checked", Rule: 3, Why: "two batches with the same records are promised", Of: []string{"3 reads while something is pending", "8 pending not checked"}},
	{Name: "3 and 8 reads another's row, fence taken out", Rule: 3, Why: "two workers deliver the same records", Of: []string{"3 reads a row that is another's", "8 owner not checked", "8 epoch not checked"}},
	{Name: "4 and 8 keeps an open batch, fence taken out", Rule: 4, Why: "bytes of a lost shard are promised", Of: []string{"4 keeps an open batch with a lost shard's bytes", "8 owner not checked", "8 epoch not checked"}},
	{Name: "4 and 8 keeps a cut batch, fence taken out", Rule: 4, Why: "bytes of a lost shard are promised", Of: []string{"4 keeps a cut batch with a lost shard's bytes", "8 owner not checked", "8 epoch not checked"}},
	{Name: "4 and 8 looks at the row too early, checkpoint not checked", Rule: 4, Why: "records are promised twice", Of: []string{"4 looks at the row while an intent is undecided", "8 checkpoint not checked"}},
	{Name: "5 and 8 gives up before it is decided, fence taken out", Rule: 5, Why: "records are promised twice", Of: []string{"5 gives a lease up before its batch is decided", "8 owner not checked", "8 epoch not checked", "8 checkpoint not checked"}},
	{Name: "5 and 8 gives up while undecided, fence taken out", Rule: 5, Why: "records are promised twice", Of: []string{"5 gives a lease up while an intent is undecided", "8 owner not checked", "8 epoch not checked", "8 checkpoint not checked"}},
	{Name: "7 and 8 next intent before the advance, neither pending nor checkpoint checked", Rule: 7, Why: "two batches of a shard are promised at once", Of: []string{"7 promises before the batch before is advanced", "8 checkpoint not checked", "8 pending not checked"}},
	{Name: "8 item may exist, no token, rows not checked", Rule: 8, Why: "an intent sent again promises a batch that is finished", Of: []string{"8 item may exist", "8 no token", "8 checkpoint not checked", "8 pending not checked"}},
	{Name: "9 and 10 takes a conflict for a final refusal", Rule: 9, Killer: "^TestIntentIsUndecidedWhileAnAttemptIsUnderWay$", Why: "an attempt under way promises uploads that were aborted", Of: []string{"9 takes a conflict for a refusal", "9 takes any refusal for a final one"}},
	{Name: "9 and 18 nobody carries out what is pending", Rule: 9, Why: "a batch whose maker died stays pending for ever", Of: []string{"9 waits for a pending batch to go away", "18 leaves what others left behind", "3 reads while something is pending"}},
	{Name: "10 and 8 keeps the open batch, checkpoint not checked", Rule: 10, Why: "the records of the dropped batch are lost", Of: []string{"10 keeps the open batch behind a dropped one", "8 checkpoint not checked"}},
	{Name: "13 neither item nor rows checked", Rule: 13, Why: "an old advance moves the checkpoint of another batch", Of: []string{"13 rows not checked", "13 item not checked"}},
	{Name: "14 and 4 goes on behind an undone batch", Rule: 14, Killer: "^TestCompletionArrivesDuringAnUndo$/^after_mark$", Why: "its records are not read again while the shard is idle", Of: []string{"14 goes on behind a batch that it has undone itself", "4 never looks whether it still owns its rows"}},
}
