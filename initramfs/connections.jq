# What there is to connect, a line each: `ssns TABLE:N` or `discovery TABLE:N`, as nbft-connect's options are called. For
# nbft-dump --raw-output --from-file; the generator and the hooks of every initramfs use it.

def name:
  .filename | split("/") | last;

# The same subsystem on the same way is one connection, whatever its namespaces.
def unique_ways:
  reduce .[] as $ssns ([]; if any(.[]; [.traddr, .trsvcid, .subsys_nqn, .hfis] == ($ssns | [.traddr, .trsvcid, .subsys_nqn, .hfis]))
    then . else . + [$ssns] end);

.[]
| name as $name
| [.subsystem[].discovery_index // empty] as $covered
| (.subsystem | unique_ways[] | "ssns \($name):\(.index)"),
  # A discovery controller that the firmware found no subsystem through may have some by now.
  (.discovery[] | select(.index as $index | $covered | index($index) | not) | "discovery \($name):\(.index)")
