package mutants

const (
	carryOn = "\toutcome, err := l.s.carryOut(ctx, item.ID)\n"
	advance = "\t\terr = s.complete(ctx, r, *item)\n"
)

// intentRules are about the promise (rules 7 to 10).
var intentRules = []Mutant{
	{Name: "7 promises before the last part is stored", Rule: 7, Why: "an upload is promised that can not be completed",
		Edits: []Edit{{"sink/object.go", "\to.sending.Wait()\n\to.mu.Lock()\n\tdefer o.mu.Unlock()\n\treturn o.err", "\to.mu.Lock()\n\tdefer o.mu.Unlock()\n\treturn o.err"}}},
	{Name: "7 promises before the batch before is advanced", Rule: 7, Why: "two batches of a shard are promised at once",
		Guarded: "the intent asks that nothing is pending, and for the checkpoint (8)",
		Edits:   []Edit{{"sink/commit.go", carryOn, "\tgo func() { _, _ = l.s.carryOut(ctx, item.ID) }()\n\toutcome, err := Finished, error(nil)\n"}}},
	{Name: "8 intent and complete swapped", Rule: 8, Why: "objects are visible that nobody promised: after a crash their records come again",
		Edits: []Edit{{"sink/commit.go", "\tpromised, err := l.s.intend(ctx, item)\n",
			"\tif res := l.s.resolving.get(item.ID); l.s.complete(ctx, res, item) == nil {\n\t\tl.s.resolving.put(item.ID, res, true)\n\t}\n\tpromised, err := l.s.intend(ctx, item)\n"}}},
	{Name: "8 owner not checked", Rule: 8, Why: "a batch of a lease that was given away is promised", Guarded: "the epoch, which implies the owner (8)",
		Edits: []Edit{{"consumer/transactions.go", "leaseOwner = :me AND leaseEpoch", ":me = :me AND leaseEpoch"}}},
	{Name: "8 epoch not checked", Rule: 8, Why: "a dropped batch is promised after its uploads were aborted",
		Edits: []Edit{{"consumer/transactions.go", "AND leaseEpoch = :epoch AND", "AND :epoch = :epoch AND"}}},
	{Name: "8 checkpoint not checked", Rule: 8, Killer: "^TestIntentArrivesAfterLaterOnesWereAdvanced$", Why: "an intent sent again promises the same records twice",
		Edits: []Edit{{"consumer/transactions.go", "AND checkpoint = :from AND", "AND :from = :from AND"}}},
	{Name: "8 pending not checked", Rule: 8, Why: "two batches with the same records are promised, one of them for ever", Guarded: "reading waits for what is pending (3), and the next intent for the advance (7)",
		Edits: []Edit{{"consumer/transactions.go", " AND attribute_not_exists(pendingBatch)\"", "\""}}},
	{Name: "8 item may exist", Rule: 8, Why: "an intent sent again turns a batch that is being undone back", Guarded: "the conditions on the rows (8), and the token",
		Edits: []Edit{{"consumer/transactions.go", `ConditionExpression: aws.String("attribute_not_exists(" + keyAttr + ")"), ReturnValuesOnConditionCheckFailure: allOld}}}`,
			`ConditionExpression: aws.String("attribute_not_exists(nosuch)"), ReturnValuesOnConditionCheckFailure: allOld}}}`}}},
	{Name: "8 no token", Rule: 8, Why: "an intent sent again is carried out again", Guarded: "the item must not exist (8)",
		Edits: []Edit{{"consumer/transactions.go", `t.transact(ctx, "intend", it.ID, tx, &it.ID)`, `t.transact(ctx, "intend", it.ID, tx, nil)`}}},
	{Name: "9 does not read the item after a refusal", Rule: 9, Killer: "^TestRefusedRepetitionOfAnIntentThatTookEffect$", Why: "an earlier attempt took effect: uploads that are promised are aborted",
		Edits: []Edit{{"sink/commit.go", "\t\tif stored != nil {\n\t\t\treturn true, nil // an earlier attempt took effect\n\t\t}", "\t\t_ = stored"}}},
	{Name: "9 drops without a final refusal", Rule: 9, Why: "an attempt still under way promises uploads that were aborted",
		Edits: []Edit{{"sink/commit.go", "\t\t\t\tunclear = unclear || err != nil\n", "\t\t\t\tif unclear = unclear || err != nil; unclear {\n\t\t\t\t\treturn &RefusedError{Op: \"intend\", Batch: item.ID, Final: true}\n\t\t\t\t}\n"}}},
	{Name: "9 takes any refusal for a final one", Rule: 9, Why: "a conflict or a pending batch makes it drop while an attempt is under way",
		Guarded: "a conflict is no refusal (9), and what is pending is carried out before a row is read (3): only its own item can refuse it",
		Edits:   []Edit{{"sink/commit.go", "\t\tif no.Final || no.Damaged != nil {", "\t\tif true {"}}},
	{Name: "9 takes a conflict for a refusal", Rule: 9, Why: "the batch is dropped or waits for nothing", Guarded: "a refusal that is not final is tried again (9)",
		Edits: []Edit{{"consumer/transactions.go", "if unclear && !no.Final {", "if unclear && !no.Final && it.ID == \"\" {"}}},
	{Name: "9 waits for a pending batch to go away", Rule: 9, Why: "nobody may be there to carry it out", Guarded: "the sweeper, and whoever leases the shard (18)",
		Edits: []Edit{{"sink/commit.go", "for _, id := range no.Pending {", "for _, id := range []string(nil) {"}}},
	{Name: "10 goes on behind a dropped batch", Rule: 10, Killer: "^TestTokenHasExpiredAtTheRetry$", Why: "the shards of a dropped batch are not read again",
		Edits: []Edit{{"sink/lane.go", "\tb.cancel()\n\tfor r := range b.spans {\n\t\tr.end(ErrDropped)\n\t}\n", "\tb.cancel()\n"}}},
	{Name: "10 keeps the open batch behind a dropped one", Rule: 10, Why: "the open batch is promised without what came before", Guarded: "the checkpoint in the intent's condition (8)",
		Edits: []Edit{{"sink/lane.go", "\t} else if l.open != nil {\n\t\tfor r := range l.open.spans {", "\t} else if false {\n\t\tfor r := range l.open.spans {"}}},
}
