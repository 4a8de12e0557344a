package cost

import (
	"fmt"
	"math"
)

// Memory that a worker takes beside buffer.memory, and what its surroundings take.
const (
	besideBuffers = 72 << 20
	besideProcess = 0.1 // of all, on Fargate
	instanceOS    = 256 << 20
)

// machine is what a worker runs on.
type machine struct {
	name   string
	vcpus  float64
	memory float64 // bytes
	month  float64 // dollars
}

// fargateSizes are the sizes of tasks; memory goes from least to most in steps, in GiB.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
var fargateSizes = []struct {
	vcpus             float64
	least, most, step float64
}{{0.25, 0.5, 0.5, 0.5}, {0.25, 1, 2, 1}, {0.5, 1, 4, 1}, {1, 2, 8, 1}, {2, 4, 16, 1}, {4, 8, 30, 1}, {8, 16, 60, 4}, {16, 32, 120, 8}}

// machines are all that can be had.
func machines(c Compute, p Prices) []machine {
	var all []machine
	if c == EC2 {
		disk := p.EC2.DiskGB * p.EC2.DiskGBMonth
		for _, i := range p.EC2.Instances {
			all = append(all, machine{i.Name, i.VCPUs, i.MemoryGiB * gb, i.Hour*hours + disk})
		}
		return all
	}
	for _, s := range fargateSizes {
		for memory := s.least; memory <= s.most; memory += s.step {
			name := fmt.Sprintf("%v vCPU, %v GB", s.vcpus, memory)
			all = append(all, machine{name, s.vcpus, memory * gb, (s.vcpus*p.Fargate.VCPUHour + memory*p.Fargate.GBHour) * hours})
		}
	}
	return all
}

// load is the part of a core that the work takes, on average: 1 is a core that is always busy.
func load(w Workload) float64 {
	cores := idleShard * float64(w.shards())
	for _, o := range w.Outputs {
		cores += w.bytesPerSecond() / 1e6 / MBPerSecond(o)
	}
	return cores
}

// needs is what each of n workers must have: a share of the mean load with its headroom, or what it is left with
// when one of them is gone, whichever is more. Headroom of 2 also covers shards that do not divide evenly: of s shards
// the unluckiest of n ≤ s workers has ⌈s/n⌉, less than twice its share. Workers beyond the shards only wait.
func needs(w Workload, n int) (vcpus, memory float64) {
	all := load(w)
	vcpus = w.Headroom * all / float64(min(n, w.shards())) // a worker without a shard does nothing
	if n > 1 {
		vcpus = max(vcpus, all/float64(min(n-1, w.shards())))
	}
	memory = w.Memory + besideBuffers
	if w.Compute == EC2 {
		return vcpus, memory + instanceOS
	}
	return vcpus, memory * (1 + besideProcess)
}

// cheapest is the machine that has enough; found is false where none has.
func cheapest(w Workload, all []machine, n int) (best machine, found bool) {
	vcpus, memory := needs(w, n)
	best.month = math.Inf(1)
	for _, m := range all {
		if m.vcpus >= vcpus && m.memory >= memory && m.month < best.month {
			best, found = m, true
		}
	}
	return best, found
}
