import Testing

@testable import Arguments

@Suite struct FishCompletionTests {
    private func complete(_ line: String) throws -> [String] {
        try Shell().run("fish", ["--no-config", "-c", "source ../celery.fish; complete -C $argv[1]", line])
    }

    @Test(arguments: CompletionCase.all) func `completes`(_ example: CompletionCase) throws {
        let words = try complete(example.line).map { String($0.prefix { $0 != "\t" }) }
        #expect(Set(words) == Set(example.candidates))
    }

    @Test func `describes what it offers`() throws {
        #expect(try complete("celery ap") == ["apply\tSubmit a task"])
        #expect(try complete("celery celeryd --det") == ["--detach\tRun in the background."])
        #expect(try complete("celery status --od") == ["--odd\t\(MadeUp.odd.description.help)"])
    }

    @Test func `completes directories`() throws {
        #expect(try complete("celery --workdir fo").map { $0.prefix { $0 != "\t" } } == ["folder/"])
    }
}
