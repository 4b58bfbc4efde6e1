package mtsession

import (
	"fmt"
	"path/filepath"
	"testing"
)

// What a call costs: `go test -bench . -run ^$`. BenchmarkBareCall is the price of crossing into C and
// back, in the same run.

func benchmarked(b *testing.B) (*Session, []Entity) {
	b.Helper()
	s, err := Open(filepath.Join(b.TempDir(), "bench.session"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	entities := make([]Entity, 10_000)
	for i := range entities {
		entities[i] = Entity{
			ID: int64(i + 1), AccessHash: int64(i) << 32, Seen: 1700000000, Name: "Somebody Unknown",
			Usernames: []string{fmt.Sprintf("somebody%d", i)}, Phone: fmt.Sprint(15550000000 + i),
		}
	}
	if err := s.PutEntities(entities); err != nil {
		b.Fatal(err)
	}
	if err := s.Save(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	return s, entities
}

func BenchmarkBareCall(b *testing.B) {
	for b.Loop() {
		bareCall()
	}
}

func BenchmarkInputPeerByID(b *testing.B) {
	s, entities := benchmarked(b)
	for i := 0; b.Loop(); i++ {
		if _, err := s.InputPeerByID(entities[i%len(entities)].ID); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInputPeerByUsername(b *testing.B) {
	s, entities := benchmarked(b)
	for i := 0; b.Loop(); i++ {
		if _, err := s.InputPeerByUsername(entities[i%len(entities)].Usernames[0]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInputPeerOfText(b *testing.B) {
	s, _ := benchmarked(b)
	for b.Loop() {
		if _, err := s.InputPeer("https://t.me/somebody77"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEntityByID(b *testing.B) {
	s, entities := benchmarked(b)
	for i := 0; b.Loop(); i++ {
		if _, err := s.EntityByID(entities[i%len(entities)].ID); err != nil {
			b.Fatal(err)
		}
	}
}

// Known and unchanged, as most of what an update brings is.
func BenchmarkPut200(b *testing.B) {
	s, entities := benchmarked(b)
	for b.Loop() {
		if err := s.PutEntities(entities[:200]); err != nil {
			b.Fatal(err)
		}
	}
	perRow(b, 200)
}

func BenchmarkPutBatchOf200(b *testing.B) {
	s, entities := benchmarked(b)
	var batch EntityBatch
	for _, entity := range entities[:200] {
		batch.Add(entity)
	}
	for b.Loop() {
		if err := s.PutBatch(&batch); err != nil {
			b.Fatal(err)
		}
	}
	perRow(b, 200)
}

func BenchmarkEntities(b *testing.B) {
	s, entities := benchmarked(b)
	for b.Loop() {
		for _, err := range s.Entities() {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	perRow(b, len(entities))
}

func perRow(b *testing.B, rows int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
}
