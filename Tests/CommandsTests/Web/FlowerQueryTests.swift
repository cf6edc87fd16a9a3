import CeleryCore
import Testing
import WebServer

@testable import Commands

/// Queries of Flower's API.
@Suite struct FlowerQueryTests {
    private func query(_ parameters: [String: String]) throws -> FlowerQuery? {
        for (name, value) in parameters {
            let kind = try #require(FlowerQuery.parameters[name])
            guard kind.takes(value) else { return nil }
        }
        var checked = WebParameters()
        for (name, value) in parameters { checked[name] = value }
        return try FlowerQuery(checked, Settings(projectFolder: "/p"))
    }

    @Test func `a search for text is refused where results are hidden: it would tell them`() throws {
        var settings = Settings(projectFolder: "/p")
        settings.web.hidesResults = true
        var parameters = WebParameters()
        parameters["search"] = "secret"
        let refusal = #expect(throws: WebRefusal.self) { try FlowerQuery(parameters, settings) }
        #expect(refusal?.status == 403 && refusal?.reason.contains("CELERY_WEB_HIDE_RESULTS") == true)
        parameters["search"] = ""
        #expect(try FlowerQuery(parameters, settings).filter.text == nil)
    }

    private func task(_ id: String, worker: String?, runtime: Double?) -> FlowerTask {
        var task = ListedTask(id: TaskID(id), phase: .success, changed: Timestamp(seconds: 100), position: 0)
        var result = TaskResult(id: TaskID(id), state: .success)
        result.worker = worker
        result.dateStarted = runtime.map { _ in Timestamp(seconds: 10) }
        result.dateDone = runtime.map { Timestamp(seconds: 10 + $0) }
        task.result = result
        return FlowerTask(task, Settings(projectFolder: "/p"))
    }

    @Test func `select by state, name, text and time`() throws {
        let query = try #require(
            try query(["state": "FAILURE", "taskname": "demo.add", "search": "ada", "received_start": "2026-11-29 18:30", "limit": "10", "offset": "20"]))
        #expect(query.filter.phases == [.failure] && query.filter.task == "demo.add" && query.filter.text == "ada")
        #expect(query.filter.since == ISO8601.timestamp("2026-11-29T18:30:00+00:00") && query.limit == 10 && query.window == 30)
    }

    @Test func `page and sort what was found, of one worker if asked`() throws {
        let tasks = [task("a", worker: "w1", runtime: 2), task("b", worker: "w2", runtime: nil), task("c", worker: "w1", runtime: 1)]
        #expect(try query(["sort_by": "runtime"])?.page(of: tasks).map(\.uuid) == ["b", "c", "a"])
        #expect(try query(["sort_by": "-runtime", "limit": "1", "offset": "1"])?.page(of: tasks).map(\.uuid) == ["c"])
        #expect(try query(["workername": "w1"])?.page(of: tasks).map(\.uuid) == ["a", "c"])
    }

    @Test(arguments: [
        ("limit", "0"), ("limit", "100000"), ("limit", "all"), ("offset", "-1"), ("state", "DONE?"), ("taskname", "demo.*"), ("taskname", ""),
        ("sort_by", "args; drop"), ("received_start", "yesterday"), ("search", String(repeating: "x", count: 1_001)), ("search", "a\nb"),
    ])
    func `refuse what is of another kind`(name: String, value: String) throws {
        #expect(try query([name: value]).map { _ in true } == nil)
    }
}
