# The connections to make, one a line: `ssns TABLE:N` or `discovery TABLE:N`, after nbft-connect's options. A filter for
# nbft-dump --raw-output --from-file, used by the generator and the hooks of every initramfs.

def name:
  .filename | split("/") | last;

# SSNS that reach the same subsystem over the same path share one connection, whatever their namespaces.
def unique_ways:
  reduce .[] as $ssns ([]; if any(.[]; [.traddr, .trsvcid, .subsys_nqn, .hfis] == ($ssns | [.traddr, .trsvcid, .subsys_nqn, .hfis]))
    then . else . + [$ssns] end);

.[]
| name as $name
| [.subsystem[].discovery_index // empty] as $covered
| (.subsystem | unique_ways[] | "ssns \($name):\(.index)"),
  # A discovery controller through which the firmware found no subsystem may list some by now.
  (.discovery[] | select(.index as $index | $covered | index($index) | not) | "discovery \($name):\(.index)")
