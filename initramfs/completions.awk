# Reads a --help and prints completions: see the script beside.

BEGIN {
    q = "'"
    function_name = "_" name
    gsub(/-/, "_", function_name)
}

# Operands are files if the command takes tables or devices.
/^Usage: / {
    usage = substr($0, index($0, name " "))
    operands = usage ~ /\[TABLE\]\.\.\.|DEVICE/
}

# "  -q, --jq FILTER       print …", perhaps two options, perhaps with the words on the next lines.
/^ +-/ {
    text = $0
    sub(/^ +/, "", text)
    words = ""
    if (at = index(text, "  ")) {
        words = substr(text, at)
        text = substr(text, 1, at - 1)
    }
    first = count + 1
    parts = split(text, part, ", ")
    for (i = 1; i <= parts; i++) {
        if (part[i] !~ /^--/) {
            letter = substr(part[i], 2)
            continue
        }
        count++
        short[count] = letter
        letter = ""
        long[count] = value[count] = substr(part[i], 3)
        sub(/ .*/, "", long[count])
        if (!sub(/^[^ ]* /, "", value[count])) value[count] = ""
    }
    add(words)
    next
}
/^   +[^ ]/ { add($0); next }
{ first = count + 1 }

# add WORDS: what the options of this line do.
function add(more, i) {
    sub(/^ +/, "", more)
    for (i = first; i <= count; i++) words_of[i] = words_of[i] (words_of[i] == "" || more == "" ? "" : " ") more
}

# The words that a value may be, with a bar between: from `--naming rename|none`, or from `--probe HOW  …: connect or none`.
function choices(i, list) {
    if (value[i] ~ /\|/) return value[i]
    if (words_of[i] == "{formats}") return formats
    if (value[i] != "HOW") return ""
    list = words_of[i]
    sub(/.*: /, "", list)
    gsub(/, | or /, "|", list)
    return list
}

# The kind of descriptor that `[TABLE:]N` is.
function descriptors(i) {
    return "nbft-dump --connections 2>/dev/null | sed -n \"s/^" long[i] " //p\""
}

function explained(i) {
    return words_of[i] == "{formats}" ? "the format" : words_of[i]
}

END {
    if (shell == "bash") bash()
    else if (shell == "zsh") zsh()
    else fish()
}

function bash(i, all, list) {
    print "# Completions of " name " for bash, made from its --help."
    print function_name "() {"
    print "    local cur prev"
    print "    _get_comp_words_by_ref -n := cur prev"
    print "    case $cur in --*=*) prev=${cur%%=*} cur=${cur#*=} ;; esac"
    print "    COMPREPLY=()"
    print "    case $prev in"
    for (i = 1; i <= count; i++) {
        all = all " --" long[i]
        if (value[i] == "") continue
        printf "        %s--%s)", short[i] == "" ? "" : "-" short[i] " | ", long[i]
        list = choices(i)
        gsub(/\|/, " ", list)
        if (list != "") printf " mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\") ", list
        else if (value[i] == "FILE") printf " compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") "
        else if (value[i] == "DIR") printf " compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") "
        else if (value[i] ~ /TABLE/) {
            print ""
            printf "            mapfile -t COMPREPLY < <(compgen -W \"$(%s)\" -- \"$cur\")\n", descriptors(i)
            print "            __ltrim_colon_completions \"$cur\""
            printf "           "
        }
        print " ;;"
    }
    print "        *)"
    print "            case $cur in"
    printf "                -*) mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\") ;;\n", substr(all, 2)
    if (operands) print "                *) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;"
    print "            esac"
    print "            ;;"
    print "    esac"
    print "}"
    print "complete -F " function_name " " name
}

function zsh(i, text, action) {
    print "#compdef " name
    print "# Completions of " name " for zsh, made from its --help."
    print function_name "_descriptors() {"
    print "    local -a found"
    print "    found=(${(f)\"$(nbft-dump --connections 2>/dev/null | sed -n \"s/^$1 //p\")\"})"
    print "    compadd -a found"
    print "}"
    print "_arguments -s \\"
    for (i = 1; i <= count; i++) {
        text = explained(i)
        gsub(/\\/, "\\\\", text)
        gsub(/\[/, "\\[", text)
        gsub(/\]/, "\\]", text)
        gsub(/:/, "\\:", text)
        gsub(q, "", text)
        action = ""
        if (value[i] != "") {
            action = choices(i)
            gsub(/\|/, " ", action)
            if (action != "") action = "(" action ")"
            else if (value[i] == "FILE") action = "_files"
            else if (value[i] == "DIR") action = "_files -/"
            else if (value[i] ~ /TABLE/) action = "{ " function_name "_descriptors " long[i] " }"
            else action = " "
            action = ":" long[i] ":" action
            # `--arg NAME VALUE`
            if (value[i] ~ / /) action = ":name: :value: "
        }
        if (short[i] == "") printf "    '*--%s%s[%s]%s' \\\n", long[i], value[i] == "" ? "" : "=", text, action
        else printf "    '*'{-%s%s,--%s%s}'[%s]%s' \\\n", short[i], value[i] == "" ? "" : "+", long[i], value[i] == "" ? "" : "=", text, action
    }
    print operands ? "    '*:file:_files'" : "    ':'"
}

function fish(i, text, list) {
    print "# Completions of " name " for fish, made from its --help."
    if (!operands) print "complete -c " name " -f"
    for (i = 1; i <= count; i++) {
        text = explained(i)
        gsub(/\\/, "\\\\", text)
        gsub(q, "\\'", text)
        printf "complete -c %s", name
        if (short[i] != "") printf " -s %s", short[i]
        printf " -l %s", long[i]
        list = choices(i)
        gsub(/\|/, " ", list)
        if (list != "") printf " -x -a '%s'", list
        else if (value[i] == "FILE") printf " -r -F"
        else if (value[i] == "DIR") printf " -x -a '(__fish_complete_directories)'"
        else if (value[i] ~ /TABLE/) printf " -x -a '(%s)'", descriptors(i)
        else if (value[i] != "") printf " -x"
        printf " -d '%s'\n", text
    }
}
