package firehose

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// streams finds the delivery streams of a module, one for each of what count and for_each make.
func (m *module) streams() (found []Found) {
	for _, address := range slices.Sorted(maps.Keys(m.resources)) {
		if !strings.HasPrefix(address, resourceType+".") {
			continue
		}
		b := m.resources[address]
		for _, one := range m.instances(b.attributes()) {
			clear(m.defaults)
			clear(m.known) // so that each stream names the defaults that it depends on
			arguments := m.arguments(b, one.scope)
			f := fromArguments(address+one.key, arguments)
			if region, ok := m.tree(m.region, nil).(string); ok && f.Region == "" && len(refs(region)) == 0 {
				f.Region = region
			}
			if set, ok := m.set.get("region"); ok && f.Region == "" {
				f.Region = set
			}
			for _, name := range slices.Sorted(maps.Keys(m.defaults)) {
				f.Defaults = append(f.Defaults, name+"="+shown(m.defaults[name]))
			}
			found = append(found, f)
		}
	}
	return found
}

// instance is one of a resource's instances.
type instance struct {
	key   string // as it stands behind the address
	scope map[string]cty.Value
}

const mostInstances = 100

// instances evaluates count and for_each. What can not be known is one instance.
func (m *module) instances(attributes map[string]expression) (all []instance) {
	if e, ok := attributes["count"]; ok {
		var n int
		if _, err := fmt.Sscan(toText(m.tree(e, nil)), &n); err == nil && n != 1 {
			for i := range min(max(n, 0), mostInstances) {
				index := cty.ObjectVal(map[string]cty.Value{"index": cty.NumberIntVal(int64(i))})
				all = append(all, instance{fmt.Sprintf("[%d]", i), map[string]cty.Value{"count": index}})
			}
			return all
		}
		index := cty.ObjectVal(map[string]cty.Value{"index": cty.NumberIntVal(0)})
		return []instance{{scope: map[string]cty.Value{"count": index}}}
	}
	e, ok := attributes["for_each"]
	if !ok {
		return []instance{{}}
	}
	for _, item := range m.items(e, nil) {
		if len(all) == mostInstances {
			break
		}
		each := cty.ObjectVal(map[string]cty.Value{"key": item.key, "value": item.value})
		all = append(all, instance{fmt.Sprintf("[%q]", shown(keyText(item.key))), map[string]cty.Value{"each": each}})
	}
	if all == nil && len(refs(toText(m.tree(e, nil)))) > 0 {
		each := cty.ObjectVal(map[string]cty.Value{"key": cty.StringVal(unresolved("each.key")), "value": cty.StringVal(unresolved("each.value"))})
		return []instance{{scope: map[string]cty.Value{"each": each}}}
	}
	return all
}

// item is what for_each goes over.
type item struct{ key, value cty.Value }

// items evaluates a for_each; nil if it is empty or not known.
func (m *module) items(e expression, scope map[string]cty.Value) (all []item) {
	v, ok := m.evaluate(e, scope)
	if !ok || v.IsNull() || !v.CanIterateElements() {
		return nil
	}
	for it := v.ElementIterator(); it.Next(); {
		key, value := it.Element()
		if v.Type().IsSetType() {
			key = value
		}
		all = append(all, item{key, value})
	}
	return all
}

func keyText(v cty.Value) string {
	left := 2
	text, _ := fromCty(v, &left).(string)
	return text
}

// arguments evaluates the inside of a resource. Blocks become lists of mappings, as Terraform shows them; dynamic blocks
// are taken apart.
func (m *module) arguments(b body, scope map[string]cty.Value) map[string]any {
	out := make(map[string]any)
	for name, e := range b.attributes() {
		if name == "for_each" || name == "count" || name == "provider" || name == "depends_on" || name == "lifecycle" || name == "provisioner" {
			continue
		}
		out[name] = m.tree(e, scope)
	}
	for _, inner := range b.blocks() {
		kind := inner.kind
		bodies := []scoped{{inner.body, scope}}
		if kind == "dynamic" && len(inner.labels) == 1 {
			kind, bodies = inner.labels[0], m.dynamic(inner, scope)
		}
		list, _ := out[kind].([]any)
		for _, one := range bodies {
			list = append(list, m.arguments(one.body, one.scope))
		}
		if list != nil {
			out[kind] = list
		}
	}
	return out
}

// scoped is a body with the values that it alone sees.
type scoped struct {
	body
	scope map[string]cty.Value
}

// dynamic takes a dynamic block apart.
func (m *module) dynamic(outer block, scope map[string]cty.Value) (all []scoped) {
	attributes := outer.body.attributes()
	e, ok := attributes["for_each"]
	if !ok {
		return nil
	}
	iterator := outer.labels[0]
	if named, ok := attributes["iterator"]; ok {
		iterator = strings.TrimSpace(named.source())
	}
	for _, inner := range outer.body.blocks() {
		if inner.kind != "content" {
			continue
		}
		for _, item := range m.items(e, scope) {
			if len(all) == mostInstances {
				return all
			}
			in := maps.Clone(scope)
			if in == nil {
				in = make(map[string]cty.Value)
			}
			in[iterator] = cty.ObjectVal(map[string]cty.Value{"key": item.key, "value": item.value})
			all = append(all, scoped{inner.body, in})
		}
	}
	return all
}
