import Testing

@testable import Tasks

/// Patterns of what may run.
@Suite struct CommandPatternTests {
    private func matches(_ pattern: String, _ words: String...) -> Bool { CommandPattern(pattern).matches(words.map { Array($0.utf8) }) }

    @Test func `each word of a pattern stands for one word of the command`() {
        #expect(matches("ls", "ls"))
        #expect(matches("ls  -l", "ls", "-l"))
        #expect(!matches("ls", "ls", "-l"))
        #expect(!matches("ls -l", "ls"))
        #expect(!matches("ls -l", "ls -l"))
        #expect(!matches("ls *", "ls"))
        #expect(matches("ls *", "ls", ""))
        #expect(matches("ls *", "ls", "a b/c"))
        #expect(!matches("ls *", "ls", "a", "b"))
        #expect(matches("ffmpeg -i *.mov *.mp4", "ffmpeg", "-i", "x/a.mov", "a.mp4"))
        #expect(!matches("ffmpeg -i *.mov *.mp4", "ffmpeg", "-i", "a.mov", "a.mp4;x"))
        #expect(matches("f?o", "foo") && !matches("f?o", "fo") && !matches("f?o", "fooo"))
        #expect(matches("a*b*c x", "aXbbYc", "x") && !matches("a*b*c x", "aXbbYcd", "x"))
    }

    @Test func `three dots at the end stand for any further words`() {
        #expect(matches("git pull ...", "git", "pull"))
        #expect(matches("git pull ...", "git", "pull", "--all", "x"))
        #expect(!matches("git pull ...", "git"))
        #expect(!matches("git pull ...", "git", "push", "x"))
        #expect(matches("git ... x", "git", "...", "x") && !matches("git ... x", "git", "a", "x"))
        #expect(matches("...", "...") && !matches("...", "rm"))
    }

    @Test func `wildcards of the first word do not cross a slash`() {
        #expect(matches("/usr/bin/* ...", "/usr/bin/ls", "x"))
        #expect(!matches("/usr/bin/* ...", "/usr/bin/../../tmp/x"))
        #expect(!matches("* ...", "/tmp/x"))
        #expect(!matches("?tmp?x", "/tmp/x"))
        #expect(matches("* ...", "ls"))
    }

    @Test func `an empty pattern allows nothing, and a hard one does not take long`() {
        #expect(!matches("", "ls") && !matches(" ", "ls") && !matches(""))
        let stars = String(repeating: "a*", count: 200)
        #expect(!matches("x \(stars)b", "x", String(repeating: "a", count: 2_000)))
    }

    @Test func `only variables of language and time are harmless where patterns decide`() {
        let variables = CommandVariables(others: ["AWS_*", "MODE"])
        for name in ["PATH", "HOME", "LC_ALL", "LANG", "TZ", "AWS_REGION", "MODE"] { #expect(variables.passes(name), "\(name)") }
        for name in ["LANG", "LC_TIME", "TZ", "AWS_", "MODE"] { #expect(variables.isHarmless(name), "\(name)") }
        for name in ["PATH", "HOME", "SHELL", "LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "PYTHONPATH", "MODEL"] {
            #expect(!variables.isHarmless(name), "\(name)")
        }
        for name in [
            "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "BASH_ENV", "ENV", "IFS", "PYTHONPATH", "PERL5LIB", "GLIBC_TUNABLES", "MODEL", "SSH_AUTH_SOCK",
            "AWS", "BASH_FUNC_ls%%", "PS4", "GCONV_PATH", "LOCPATH", "NLSPATH",
        ] { #expect(!variables.passes(name), "\(name)") }
    }
}
