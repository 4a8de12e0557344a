package s3test

import (
	"fmt"
	"strings"
)

func uploadIsInvisibleUntilCompleted(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	s.wantMissing(key)
	p := s.part(key, id, 1, []byte("one\n"))
	s.wantMissing(key)
	s.must(s.complete(key, id, p))
	s.wantObject(key, []byte("one\n"))
}

func metadataOfCreationIsOnTheObject(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	s.must(s.complete(key, id, s.part(key, id, 1, []byte("one\n"))))
	h, err := s.head(key)
	s.must(err)
	if h.Metadata["batch"] != "b-17" || h.Metadata["mixed-case"] != "Yes" || *h.ContentType != "application/x-ndjson" {
		s.Fatalf("metadata %v, content type %s", h.Metadata, *h.ContentType)
	}
}

func etagNamesThePartCount(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	a, b := full('a'), []byte("the rest")
	s.must(s.complete(key, id, s.part(key, id, 1, a), s.part(key, id, 2, b)))
	h, err := s.head(key)
	s.must(err)
	want := fmt.Sprintf(`"%x-2"`, md5Of(append(md5Of(a), md5Of(b)...)))
	if *h.ETag != want || *h.ContentLength != int64(len(a)+len(b)) {
		s.Fatalf("ETag %s, size %d, want %s, %d", *h.ETag, *h.ContentLength, want, len(a)+len(b))
	}
	s.wantObject(key, append(a, b...))
}

func uploadedAgainReplacesPart(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	first := s.part(key, id, 1, []byte("first"))
	again := s.part(key, id, 1, []byte("again"))
	s.wantCode(s.complete(key, id, first), "InvalidPart")
	s.must(s.complete(key, id, again))
	s.wantObject(key, []byte("again"))
}

func completeMayLeavePartsOut(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	s.part(key, id, 2, []byte("left out"))
	s.must(s.complete(key, id, s.part(key, id, 7, []byte("seven"))))
	s.wantObject(key, []byte("seven"))
}

func completeNeedsTheETags(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	p := s.part(key, id, 1, []byte("one"))
	wrong := p
	wrong.ETag = ptr(fmt.Sprintf(`"%x"`, md5Of([]byte("two"))))
	s.wantCode(s.complete(key, id, wrong), "InvalidPart")
	unknown := p
	unknown.PartNumber = ptr(int32(2))
	s.wantCode(s.complete(key, id, unknown), "InvalidPart")
	s.wantMissing(key)
	s.must(s.complete(key, id, p))
}

func completeNeedsAscendingParts(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	one, two := s.part(key, id, 1, full('1')), s.part(key, id, 2, full('2'))
	s.wantCode(s.complete(key, id, two, one), "InvalidPartOrder")
	s.wantCode(s.complete(key, id, one, one), "InvalidPartOrder")
	s.wantMissing(key)
	s.must(s.complete(key, id, one, two))
}

func completeRefusesSmallParts(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	small := s.part(key, id, 1, full('a')[:5<<20-1])
	last := s.part(key, id, 2, []byte("last"))
	s.wantCode(s.complete(key, id, small, last), "EntityTooSmall")
	s.wantMissing(key)
	enough := s.part(key, id, 1, full('a'))
	s.must(s.complete(key, id, enough, last))
}

func completeNeedsParts(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	s.wantCode(s.complete(key, id), "MalformedXML", "InvalidRequest")
	s.wantMissing(key)
}

func partNumbersHaveLimits(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	for _, n := range []int32{0, -1, 10001} {
		_, err := s.tryPart(key, id, n, []byte("x"))
		s.wantCode(err, "InvalidArgument")
	}
	s.must(s.complete(key, id, s.part(key, id, 10000, []byte("x"))))
}

func completedUploadIsGone(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	s.must(s.complete(key, id, s.part(key, id, 1, []byte("one"))))
	s.wantGone(key, id)
	codes := []string{"NoSuchUpload"}
	if s.AbortAfterComplete {
		codes = append(codes, "")
	}
	s.wantCode(s.abort(key, id), codes...)
	s.wantObject(key, []byte("one"))
}

func abortedUploadIsGone(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	p := s.part(key, id, 1, []byte("one"))
	s.must(s.abort(key, id))
	s.wantGone(key, id)
	s.wantCode(s.abort(key, id), "NoSuchUpload")
	s.wantCode(s.complete(key, id, p), "NoSuchUpload")
	s.wantMissing(key)
}

// wantGone checks that an upload takes no parts and is not listed any more.
func (s *suite) wantGone(key, id *string) {
	s.Helper()
	_, err := s.tryPart(key, id, 2, []byte("late"))
	s.wantCode(err, "NoSuchUpload")
	_, err = s.listParts(key, id)
	s.wantCode(err, "NoSuchUpload")
	for _, u := range s.openUploads(0) {
		if *u.UploadId == *id {
			s.Fatalf("upload %s of %s is still listed", *id, *key)
		}
	}
}

func unknownUploadIsRefused(s *suite) {
	key, other := s.key("clicks.json"), s.key("other.json")
	id := s.create(key)
	p := s.part(key, id, 1, []byte("one"))
	for _, c := range []struct{ key, id *string }{{key, ptr("no-such-upload")}, {other, id}} {
		_, err := s.tryPart(c.key, c.id, 1, []byte("x"))
		s.wantCode(err, "NoSuchUpload")
		_, err = s.listParts(c.key, c.id)
		s.wantCode(err, "NoSuchUpload")
		s.wantCode(s.complete(c.key, c.id, p), "NoSuchUpload")
		s.wantCode(s.abort(c.key, c.id), "NoSuchUpload")
	}
	s.must(s.complete(key, id, p))
}

func completeAgain(s *suite) {
	key := s.key("clicks.json")
	id := s.create(key)
	p := s.part(key, id, 1, []byte("one"))
	s.must(s.complete(key, id, p))
	s.wantCode(s.complete(key, id, p), s.again()...)
	s.wantObject(key, []byte("one"))
}

// again is what completing a completed upload may answer.
func (s *suite) again() []string {
	switch {
	case s.RepeatComplete:
		return []string{""}
	case s.StrictComplete:
		return []string{"NoSuchUpload"}
	}
	return []string{"", "NoSuchUpload"}
}

func completeAndAbortExcludeEachOther(s *suite) {
	for i := range s.Races {
		key := s.key(fmt.Sprintf("%d.json", i))
		id := s.create(key)
		p := s.part(key, id, 1, []byte("one"))
		aborted := make(chan error)
		go func() { aborted <- s.abort(key, id) }()
		completeErr := s.complete(key, id, p)
		abortErr := <-aborted
		if !s.LaxRaces {
			s.wantCode(completeErr, "", "NoSuchUpload")
			s.wantCode(abortErr, "", "NoSuchUpload")
		}
		if completeErr == nil {
			s.wantObject(key, []byte("one"))
		} else {
			s.wantMissing(key)
		}
		if (completeErr == nil) == (abortErr == nil) && !s.LaxRaces {
			s.Fatalf("complete: %v, abort: %v; want exactly one to succeed", completeErr, abortErr)
		}
	}
}

func completesAtOnceMakeOneObject(s *suite) {
	for i := range s.Races {
		key := s.key(fmt.Sprintf("%d.json", i))
		id := s.create(key)
		p := s.part(key, id, 1, []byte("one"))
		other := make(chan error)
		go func() { other <- s.complete(key, id, p) }()
		first, second := s.complete(key, id, p), <-other
		if first != nil && second != nil {
			s.Fatalf("both failed: %v; %v", first, second)
		}
		for _, err := range []error{first, second} {
			if !s.LaxRaces {
				s.wantCode(err, append(s.again(), "")...)
			}
		}
		s.wantObject(key, []byte("one"))
	}
}

func uploadsOfOneKeyAreApart(s *suite) {
	key := s.key("clicks.json")
	one, two := s.create(key), s.create(key)
	p1, p2 := s.part(key, one, 1, []byte("one")), s.part(key, two, 1, []byte("two"))
	s.must(s.complete(key, one, p1))
	s.wantObject(key, []byte("one"))
	s.must(s.complete(key, two, p2))
	s.wantObject(key, []byte("two"))
	if strings.Compare(*one, *two) == 0 {
		s.Fatal("two uploads have one id")
	}
}
