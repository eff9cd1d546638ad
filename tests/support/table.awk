# The table of what the live tests did: a row for each command, a column for each server. Input: SERVER COMMAND OUTCOME REASON,
# divided by tabs, a line for each command of each test. `titles` is Brand=Title with version, divided by `;`; after a further `=`
# comes the one protocol that the server speaks, where it does not speak both. `known` means that the server is known to fail the test.
# Ends with 1 where a command failed or was tried on some servers only.
BEGIN {
    FS = "\t"
    columns = split(titles, given, ";")
    for (i = 1; i <= columns; i++) {
        split(given[i], pair, "=")
        brand[i] = pair[1]
        title[i] = pair[2]
        only[brand[i]] = pair[3]
        width[i] = length(title[i])
    }
    weight["ok"] = 1; weight["fallback"] = 2; weight["unsupported"] = 3; weight["known"] = 4; weight["FAILED"] = 5
    first = length("command")
}

{
    if (!($2 in row)) {
        row[$2] = ++rows
        command[rows] = $2
        if (length($2) > first) first = length($2)
    }
    cell = $1 SUBSEP $2
    if (weight[$3] > weight[outcome[cell]]) {
        outcome[cell] = $3
        reason[cell] = $4
    }
}

END {
    sort()
    line("command", title)
    for (r = 1; r <= rows; r++) {
        for (c = 1; c <= columns; c++) text[c] = show(brand[c] SUBSEP command[r])
        line(command[r], text)
    }
    for (n = 1; n <= notes; n++) printf "  [%d] %s\n", n, note[n]
    exit rows == 0 || bad
}

# The commands by name.
function sort(    i, j, held) {
    for (i = 2; i <= rows; i++) {
        held = command[i]
        for (j = i - 1; j >= 1 && command[j] > held; j--) command[j + 1] = command[j]
        command[j + 1] = held
    }
}

function show(cell,    parts) {
    split(cell, parts, SUBSEP)
    if (only[parts[1]] != "" && only[parts[1]] != (index(parts[2], "POP3") == 1 ? "POP3" : "IMAP")) return "-"
    if (!(cell in outcome)) {
        bad = 1
        return "untried"
    }
    if (outcome[cell] == "FAILED") bad = 1
    if (reason[cell] == "") return outcome[cell]
    if (!(reason[cell] in number)) {
        number[reason[cell]] = ++notes
        note[notes] = reason[cell]
    }
    return outcome[cell] " [" number[reason[cell]] "]"
}

function line(head, cells,    c) {
    printf "%-*s", first + 2, head
    for (c = 1; c <= columns; c++) printf "%-*s", (width[c] > 16 ? width[c] : 16) + 2, cells[c]
    print ""
}
