import Testing

@testable import Arguments

@Suite struct BashCompletionTests {
    /// The words of a line as bash splits them for completion, with the cursor at the end.
    private func split(_ line: String) -> [String] {
        var words = [""]
        for character in line {
            let last = words[words.count - 1]
            switch character {
            case " ": if !last.isEmpty { words.append("") }
            case "=", ":":
                if last.isEmpty || last.allSatisfy({ "=:".contains($0) }) {
                    words[words.count - 1].append(character)
                } else {
                    words.append("\(character)")
                }
            default:
                if !last.isEmpty, last.allSatisfy({ "=:".contains($0) }) { words.append("") }
                words[words.count - 1].append(character)
            }
        }
        return words
    }

    private func complete(_ line: String) throws -> [String] {
        try Shell().run("bash", ["--norc", "--noprofile", "-u", "-c", """
            source ../celery.bash
            COMP_LINE=$1 COMP_POINT=${#1}
            COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
            _celery
            [[ ${#COMPREPLY[@]} -eq 0 ]] || printf '%s\\n' "${COMPREPLY[@]}"
            """, "bash", line] + split(line))
    }

    @Test(arguments: CompletionCase.all) func `completes`(_ example: CompletionCase) throws {
        // Bash replaces only what follows the last = or : of the word.
        let word = example.line.last == " " ? "" : example.line.split(separator: " ").last.map(String.init) ?? ""
        let kept = word.lastIndex { "=:".contains($0) }.map { word[...$0].count } ?? 0
        #expect(try complete(example.line).sorted() == example.candidates.map { String($0.dropFirst(kept)) }.sorted())
    }

    @Test func `completes words that hold colons`() throws {
        #expect(try complete("celery apply --queue a:") == ["b"])
        #expect(try complete("celery apply --queue=a:") == ["b"])
    }

    @Test func `quotes candidates that hold letters special to the shell`() throws {
        let shell = try Shell()
        try shell.write("bin/celery", "#!/bin/sh\necho '$(touch pwned)'\n")
        #expect(try shell.run("bash", ["--norc", "-c", """
            source ../celery.bash
            COMP_LINE='celery apply ' COMP_POINT=13 COMP_WORDS=(celery apply '') COMP_CWORD=2
            _celery
            printf '%s\\n' "${COMPREPLY[@]}"; ls
            """]) == [#"\$\(touch\ pwned\)"#, "alpha.toml", "folder"])
    }

    @Test(arguments: CompletionCase.typed) func `completes what is typed on a terminal`(_ line: String, _ arguments: [String]) throws {
        #expect(try Shell().type(line, in: ["bash", "--norc", "--noprofile", "-i"], setup: "source ../celery.bash") == arguments)
    }
}
