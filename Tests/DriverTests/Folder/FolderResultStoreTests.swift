import CeleryCore
import Fixtures
import Glibc
import Processes
import ResultStores
import Testing

/// What Python's Celery finds in a folder after us, and we after Python; modes, locks, and folders that cannot be used.
@Suite(.timeLimit(.minutes(3))) struct FolderResultStoreTests {
    private let folder = TemporaryFolder()
    private let clock = ManualClock()

    private func store(expires: Double? = nil, keyPrefix: String = "", isDurable: Bool = false) throws -> FolderResultStore {
        let terms = FolderResultStore.Terms(expires: expires, keyPrefix: keyPrefix, isDurable: isDurable)
        return try FolderResultStore(path: folder.file("results"), terms) { [clock] in clock.now }
    }

    private func result(_ id: String, _ state: TaskState = .success, attempt: Int = 1, value: JSON = nil) -> TaskResult {
        var result = TaskResult(id: TaskID(id), state: state, value: value, failure: state == .failure ? TaskFailure(type: "E") : nil)
        result.attempt = attempt
        return result
    }

    private func mode(_ name: String) -> mode_t {
        var status = stat()
        return stat(folder.file(name), &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    private func bytes(_ name: String) throws -> [UInt8] {
        let number = open(folder.file(name), O_RDONLY | O_CLOEXEC)
        return try OwnedDescriptor(owning: Syscall.check("open \(name)") { number }).readToEnd(limit: 1 << 24)
    }

    // MARK: Layout

    @Test func `a result is the content of Python's file, for nobody but the owner`() async throws {
        let store = try store(isDurable: true)
        try await store.store([result("a", attempt: 3, value: ["x": 1])])
        let document = try JSON(parsing: bytes("results/celery-task-meta-a"))
        #expect(document["status"] == "SUCCESS" && document["attempt"] == 3 && document["result"] == ["x": 1] && document["task_id"] == "a")
        #expect(mode("results/celery-task-meta-a") == 0o600 && mode("results") == 0o700)
        // Nothing unfinished is left.
        #expect(FolderNames.of(folder.file("results")).filter { !$0.hasPrefix(".") } == ["celery-task-meta-a"])
        #expect(!FolderNames.of(folder.file("results")).contains { $0.hasPrefix(".celery-draft") })
        await store.close()
    }

    @Test func `a group may use new files and the folder, if the settings say so`() async throws {
        for (writes, file, place) in [(true, mode_t(0o660), mode_t(0o2770)), (false, 0o640, 0o2750)] {
            let name = "shared-\(writes)"
            let terms = FolderResultStore.Terms(expires: nil, fileGroup: "\(getegid())", groupWrites: writes)
            let store = try FolderResultStore(path: folder.file(name), terms)
            try await store.store([result("a")])
            #expect(mode(name) == place && mode("\(name)/celery-task-meta-a") == file)
            await store.close()
        }
        let unknown = FolderResultStore.Terms(expires: nil, fileGroup: "no such group")
        let error = #expect(throws: DriverError.self) { try FolderResultStore(path: folder.file("other"), unknown) }
        #expect(error?.code == .configuration && error?.hint == "see CELERY_FILE_GROUP in the settings")
    }

    @Test(arguments: [("shop", "shop_"), ("shop.", "shop.")])
    func `the prefix of names is Python's`(setting: String, prefix: String) async throws {
        let store = try store(keyPrefix: setting)
        try await store.store([result("a")])
        #expect(mode("results/\(prefix)celery-task-meta-a") == 0o600)
        await store.close()
    }

    @Test func `ids that are no part of a file's name are refused, before anything is written`() async throws {
        let store = try store()
        for id in ["a/b", "../a", "", "a\nb", "a\u{0}", String(repeating: "x", count: 239)] {
            let error = await #expect(throws: DriverError.self) { try await store.store([result("good"), result(id)]) }
            #expect(error?.code == .refused)
            await #expect(throws: DriverError.self) { try await store.results(for: [TaskID(id)]) }
        }
        #expect(try await store.results(for: [TaskID("good")]).isEmpty)
        let odd = ["a b", "a", "A", "ü☃𝔘", "*", "?[a]*", "..", #"quote " and \ backslash"#, String(repeating: "x", count: 238)]
        try await store.store(odd.enumerated().map { result($1, value: .int(Int64($0))) })
        let found = try await store.results(for: odd.map(TaskID.init))
        for (number, id) in odd.enumerated() { #expect(found[TaskID(id)]?.value == .int(Int64(number)), "\(id)") }
        #expect(throws: DriverError.self) { try self.store(keyPrefix: "a/b") }
        await store.close()
    }

    // MARK: Beside Python

    @Test func `what Python is about to write is not there yet, and what it has half written is read again`() async throws {
        let store = try store()
        try folder.write("", to: "results/celery-task-meta-a")
        #expect(try await store.results(for: [TaskID("a")]).isEmpty)
        let text = #"{"status": "SUCCESS", "result": 5, "traceback": null, "children": [], "task_id": "a"}"#
        try folder.write(String(text.prefix(30)), to: "results/celery-task-meta-a")
        async let found = store.results(for: [TaskID("a")])
        let file = try #require(fopen("\(folder.path)/results/celery-task-meta-a", "a"))
        fputs(String(text.dropFirst(30)), file)
        fclose(file)
        #expect(try await found[TaskID("a")]?.value == 5)
        // What stays so is no result.
        try folder.write(String(text.prefix(30)), to: "results/celery-task-meta-b")
        let error = await #expect(throws: DriverError.self) { try await store.results(for: [TaskID("b")]) }
        #expect(error?.code == .unusable && error?.hint?.contains("result_serializer") == true)
        await store.close()
    }

    @Test func `what Python has finished is not replaced, and what it has begun is`() async throws {
        let store = try store()
        for state in ["SUCCESS", "FAILURE", "REVOKED", "STARTED", "RETRY"] {
            try folder.write(#"{"status": "\#(state)", "result": null, "task_id": "\#(state)"}"#, to: "results/celery-task-meta-\(state)")
            try await store.store([result(state, attempt: 2, value: "ours")])
            let isOurs = try await store.results(for: [TaskID(state)])[TaskID(state)]?.value == "ours"
            #expect(isOurs == ["STARTED", "RETRY"].contains(state), "\(state)")
        }
        await store.close()
    }

    @Test func `a reader never finds half of a result of ours`() async throws {
        let writer = try store()
        let sizes = [1 << 20, 3 << 20]
        let done = SetOnce<Void>()
        async let writing: Void = {
            defer { done.set(()) }
            for round in 0..<20 {
                let value = JSON.string(String(repeating: "x", count: sizes[round % 2]))
                try await writer.store([result("a", .custom("PROGRESS"), value: value)])
            }
        }()
        while !done.isSet {
            guard let text = try? bytes("results/celery-task-meta-a") else { continue }
            #expect((try? JSON(parsing: text)) != nil)
        }
        try await writing
        await writer.close()
    }

    // MARK: Cleaning up

    @Test func `drops what Python's cleanup drops, and drafts that nobody finishes`() async throws {
        let store = try store(expires: 60, keyPrefix: "shop.")
        let old = ["shop.celery-task-meta-a", "shop.celery-taskset-meta-g", "shop.chord-unlock-g", ".celery-draft-1-2"]
        let others = ["celery-task-meta-other", "shop.notes", ".celery-lock", "readme"]
        for name in old + others {
            try folder.write("{}", to: "results/\(name)")
            let moment = timespec(tv_sec: Int(clock.now.seconds) - 4_000, tv_nsec: 0)
            utimensat(AT_FDCWD, folder.file("results/\(name)"), [moment, moment], 0)
        }
        try await store.store([result("young")])
        #expect(try await store.dropExpired(now: clock.now, limit: 100) == 3)
        #expect(Set(FolderNames.of(folder.file("results"))).subtracting([".", ".."]) == Set(others + ["shop.celery-task-meta-young"]))
        await store.close()
    }

    @Test func `drops what has expired in steps, but nothing that was written anew since it was found`() async throws {
        let store = try store(expires: 60)
        try await store.store((1...5).map { result("old\($0)") })
        clock.advance(by: .seconds(61))
        #expect(try await store.dropExpired(now: clock.now, limit: 2) == 2)
        let left = FolderNames.of(folder.file("results")).compactMap { $0.hasPrefix("celery-task-meta-") ? TaskID(String($0.dropFirst(17))) : nil }
        try #require(left.count == 3)
        try await store.store([result(left[0].text)])
        var dropped = 0
        while case let count = try await store.dropExpired(now: clock.now, limit: 2), count > 0 { dropped += count }
        #expect(dropped == 2)
        #expect(try await store.results(for: left).keys.map(\.text) == [left[0].text])
        await store.close()
    }

    @Test func `a group that Python saved has the time of its file`() async throws {
        let store = try store()
        try folder.write(#"{"result": [["g", null], [[["a", null], null]]]}"#, to: "results/celery-taskset-meta-g")
        let set = SetNumbering()
        try await store.keep(TaskSetRecord(id: set.id, total: 1, created: Timestamp(seconds: 5)))
        let sets = try await store.taskSets(limit: 10)
        #expect(sets.map(\.id) == ["g", set.id] && abs(sets[0].created.seconds - Timestamp.now.seconds) < 3_600)
        await store.close()
    }

    // MARK: Trouble

    @Test func `refuses what is no folder, or may not be used, and leaves it as it is`() throws {
        func failure(_ path: String) -> DriverError? {
            #expect(throws: DriverError.self) { try FolderResultStore(path: path, FolderResultStore.Terms(expires: nil)) }
        }
        try folder.write("text", to: "file")
        let file = failure(folder.file("file"))
        #expect(file?.code == .unusable && file?.message == "\(folder.file("file")) is not a folder")
        #expect(try bytes("file") == Array("text".utf8))
        let missing = failure(folder.file("no/such/folder"))
        #expect(missing?.code == .cannotCreate && missing?.message == "cannot create folder \(folder.file("no/such/folder")): no such file or directory")
    }

    @Test func `a folder that goes away is an error, and is not made anew`() async throws {
        let store = try store()
        try await store.store([result("a")])
        _ = try capture(Spawn("/bin/rm", arguments: ["rm", "-rf", folder.file("results")], environment: .current()))
        let reading = await #expect(throws: DriverError.self) { try await store.results(for: [TaskID("a")]) }
        let writing = await #expect(throws: DriverError.self) { try await store.store([result("b")]) }
        #expect(reading?.code == .unreachable && writing?.code == .unreachable)
        await store.close()
    }
}
