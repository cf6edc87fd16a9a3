import CeleryCore
import Testing

@Suite struct RetryCauseTests {
    private func matches(_ word: String, _ failure: TaskFailure) -> Bool? { RetryCause(word)?.matches(failure) }

    @Test(arguments: ["1", "75", "255", "any", "SIGTERM", "SIGKILL", "TimeoutError", "Shop.SoldOut", "_x1", "größe"])
    func `a word is read as what it is written as`(word: String) throws {
        #expect(try #require(RetryCause(word)).word == word)
    }

    @Test(arguments: ["", "0", "256", "-1", "1.5", "a b", "a..b", ".a", "a.", "1a", "a-b", "é\u{7}", String(repeating: "x", count: 201)])
    func `what is neither status nor signal nor name is nothing`(word: String) {
        #expect(RetryCause(word) == nil)
    }

    @Test func `a list is parted by commas or blanks, and says which word is wrong`() throws {
        #expect(try RetryCause.list("1,7, SIGTERM any,1") == [.status(1), .status(7), .signal(15), .anything])
        #expect(try RetryCause.list(" , ").isEmpty)
        #expect {
            try RetryCause.list("1,999")
        } throws: { error in
            (error as? InvalidRetryCause)?.word == "999"
        }
    }

    @Test func `a status is that of a program, and above 128 also the signal a shell tells by it`() {
        #expect(matches("7", .exited(status: 7, task: "t")) == true)
        #expect(matches("7", .exited(status: 8, task: "t")) == false)
        #expect(matches("143", .signaled(15, task: "t")) == true)
        #expect(matches("143", .exited(status: 143, task: "t")) == true)
        #expect(matches("15", .signaled(15, task: "t")) == false)
        #expect(matches("1", TaskFailure(type: "ValueError")) == false)
    }

    @Test func `a signal is one that killed the program`() {
        #expect(matches("SIGTERM", .signaled(15, task: "t")) == true)
        #expect(matches("SIGTERM", .signaled(9, task: "t")) == false)
        #expect(matches("SIGTERM", .exited(status: 143, task: "t")) == false)
        // 29 is IO and 31 SYS: the table has no gap.
        #expect([RetryCause("SIGIO"), RetryCause("SIGSYS"), RetryCause("SIGUSR1")] == [.signal(29), .signal(31), .signal(10)])
    }

    @Test func `an error is named with or without its module, whole or by its last part`() {
        let failure = TaskFailure(type: "Shop.SoldOut", arguments: ["x"], module: "Example")
        for word in ["SoldOut", "Shop.SoldOut", "Example.Shop.SoldOut", "any", "Exception"] { #expect(matches(word, failure) == true, "\(word)") }
        for word in ["Out", "Shop", "Example.SoldOut", "soldout"] { #expect(matches(word, failure) == false, "\(word)") }
    }

    @Test func `a timeout is either time limit`() {
        for failure in [TaskFailure.timeLimitExceeded(3), .softTimeLimitExceeded(3), TaskFailure(type: "TimeoutError", module: "builtins")] {
            #expect(matches("TimeoutError", failure) == true)
        }
        #expect(matches("TimeoutError", .memoryLimitExceeded(limit: 1, peak: 2)) == false)
    }

    @Test func `137 is what is killed for its memory, and signal 9 is not`() {
        let failure = TaskFailure.memoryLimitExceeded(limit: 1, peak: 2)
        #expect(matches("137", failure) == true && matches("MemoryLimitExceeded", failure) == true)
        #expect(matches("SIGKILL", failure) == false)
        #expect(matches("137", .outOfMemory(task: "t")) == true)
        #expect(matches("137", .signaled(9, task: "t")) == true)
    }
}

@Suite struct MemoryFailureTests {
    @Test func `says how much there was and how much there may be`() {
        let failure = TaskFailure.memoryLimitExceeded(limit: 64 << 20, peak: 70_000_000)
        #expect(failure.message == "used 66.8 MB of memory; the limit is 64 MB")
        #expect(failure.arguments.dropFirst() == [67_108_864, 70_000_000])
        #expect(TaskFailure.outOfMemory(task: "t").message == "the kernel killed t with signal 9: out of memory")
    }

    @Test(arguments: [
        (0, "0 bytes"), (1_023, "1023 bytes"), (1_024, "1 KB"), (1_536, "1.5 KB"), (64 << 20, "64 MB"), (3 << 30, "3 GB"),
        (5_000 << 30, "5000 GB"),
    ])
    func `amounts are told in the unit that suits them`(bytes: Int, text: String) {
        #expect(ByteCountText.text(bytes) == text)
    }

    @Test func `the reason of another try names a time limit`() {
        #expect(TaskFailure.timeLimitExceeded(0.5).reason == "TimeLimitExceeded(0.5)")
        #expect(TaskFailure.exited(status: 7, task: "t").reason == "t returned exit status 7")
    }
}
