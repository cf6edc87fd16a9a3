import Testing

extension FateTests {
    @Test(arguments: FateCase.all) func `it holds more memory than it may`(_ fate: FateCase) throws {
        let eat = "python3 -c 'import time; x = b\"x\" * (300 << 20); time.sleep(603)'"
        let run = try FateRun(fate, "(setsid sleep 604 &); \(eat)", options: "max_memory=64m")
        try run.start()
        let id = try run.apply()
        let ended = try run.result(of: id)
        #expect(ended.status == 137)
        #expect(ended.errors.hasPrefix("MemoryLimitExceeded: used "), "\(ended)")
        #expect(try run.project.state(of: id) == "FAILURE")
        #expect(run.runs == ["1 0"])
        #expect(!run.sleeps("604"))
        #expect(try run.isEmpty())
    }

    @Test(arguments: FateCase.all) func `it fails of what it names for another try`(_ fate: FateCase) throws {
        let run = try FateRun(
            fate, "[ \"$CELERY_TASK_RETRIES\" = 2 ] && exit 9; exit 7", options: "autoretry=7,9 max_retries=2 retry_delay=0.1")
        try run.start()
        let id = try run.apply()
        #expect(try run.result(of: id).status == 9)
        #expect(try run.project.state(of: id) == "FAILURE")
        #expect(run.runs.map { $0.suffix(1) } == ["0", "1", "2"])
        #expect(try run.isEmpty())
    }
}
