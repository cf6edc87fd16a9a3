import Testing

@testable import Arguments

@Suite struct ZshCompletionTests {
    private static let setup = """
        fpath=($PWD/.. $fpath); autoload -Uz compinit; compinit -u -D; LISTMAX=10000; setopt no_auto_list no_auto_menu no_auto_remove_slash
        """

    /// What zsh adds to its list of matches, in a terminal, for a line and a tab.
    private func complete(_ line: String) throws -> [String] {
        let shell = try Shell()
        try shell.write("matches", "")
        // Every match goes through compadd; calls that only filter an array pass by.
        try shell.write("spy", #"""
            compadd() {
                local -a seen
                if [[ ${@[1,(i)(-|--)]} != *-[[:alpha:]]#[OAD]\ * ]]; then
                    builtin compadd -O seen "$@"
                    ((${#seen})) && print -rl -- $IPREFIX${^seen} >>../matches
                fi
                builtin compadd "$@"
            }
            """#)
        _ = try shell.type(line, in: ["zsh", "-f", "-i"], setup: Self.setup + "; source ../spy")
        return try shell.run("cat", ["../matches"])
    }

    @Test(arguments: CompletionCase.all) func `completes`(_ example: CompletionCase) throws {
        #expect(Set(try complete(example.line)) == Set(example.candidates))
    }

    @Test(arguments: CompletionCase.typed) func `completes what is typed on a terminal`(_ line: String, _ arguments: [String]) throws {
        #expect(try Shell().type(line, in: ["zsh", "-f", "-i"], setup: Self.setup) == arguments)
    }

    @Test func `works when it is sourced`() throws {
        #expect(try Shell().type("celery ap", in: ["zsh", "-f", "-i"], setup: "autoload -Uz compinit; compinit -u -D; source ../_celery") == ["apply"])
    }
}
