import CeleryCore
import Fixtures
import Testing
import Wire

@Suite struct GoldenResultTests {
    @Test(arguments: Golden.names("rpc-result-"))
    func `reads a result and writes it again, byte for byte`(name: String) throws {
        let body = try Golden.message(name).body
        let document = try ResultDocument(parsing: body)
        #expect(document.json().text(style: .python) == String(decoding: body, as: UTF8.self))
    }

    @Test(arguments: Golden.names("redis-"))
    func `reads what Redis holds and writes it again`(name: String) throws {
        let commands = try #require(try Golden.load(name)["commands"]?.arrayValue)
        var documents = 0
        for command in commands {
            let words = try #require(command.arrayValue).compactMap(\.stringValue)
            guard let text = words.first(where: { $0.hasPrefix("{") || $0.hasPrefix("[") }) else { continue }
            let value = try JSON(parsing: text)
            #expect(value.text(style: .python) == text)
            guard words.contains(where: { $0.hasPrefix("celery-task-meta-") }) else { continue }
            #expect(try ResultDocument(value).json().text(style: .python) == text)
            documents += 1
        }
        #expect(documents > 0 || name == "redis-group-saved.json")
    }

    @Test(arguments: ["db-sqlite-celery5.7.json", "db-sqlite-celery5.7-extended.json"])
    func `reads what a database holds and writes it again`(name: String) throws {
        let rows = try #require(try Golden.load(name)["celery_taskmeta"]?.arrayValue)
        #expect(rows.count == 13)
        for row in rows {
            let text = try #require(row["result"]?["blob_utf8"]?.stringValue)
            let date = try #require(row["date_done"]?.stringValue)
            // The columns of a row are the keys of the document.
            var document = try #require(row.objectValue)
            document["result"] = try JSON(parsing: text)
            document["children"] = try row["children"]?["blob_utf8"]?.stringValue.map { try JSON(parsing: $0) } ?? []
            document["args"] = try row["args"]?["blob_utf8"]?.stringValue.map { try JSON(parsing: $0) }
            document["kwargs"] = try row["kwargs"]?["blob_utf8"]?.stringValue.map { try JSON(parsing: $0) }

            let read = try ResultDocument(.object(document))
            #expect(ResultDocument.value(of: read.result).text(style: .python) == text)
            #expect(JSON.array(read.result.children).text(style: .python)
                == row["children"]?["blob_utf8"]?.stringValue ?? "[]")
            #expect(ISO8601.read(date)?.wasNaive == true)
            #expect(ISO8601.text(try #require(read.result.dateDone))
                == date.replacing(" ", with: "T") + "+00:00")
            #expect(read.args?.text(style: .python) == row["args"]?["blob_utf8"]?.stringValue)
            #expect(read.result.task == row["name"]?.stringValue)
            #expect(read.result.worker == row["worker"]?.stringValue)
            #expect(read.result.queue == row["queue"]?.stringValue)
            #expect((read.result.failure != nil) == ["FAILURE", "REVOKED"].contains(read.result.state.name))
        }
    }

    @Test func `splits a failure into its parts`() throws {
        let result = try ResultDocument(parsing: Golden.message("rpc-result-failure-custom-exception.json").body).result
        #expect(result.state == .failure)
        #expect(result.failure == TaskFailure(type: "CustomError", arguments: ["x", ["k": [1]]], module: "proj"))
        #expect(result.value == nil)
        #expect(result.traceback?.hasPrefix("Traceback") == true)
        #expect(result.dateDone != nil)
    }

    @Test func `keeps the data of a state of the task's own`() throws {
        let result = try ResultDocument(parsing: Golden.message("rpc-result-custom-state-progress.json").body).result
        #expect(result.state == .custom("PROGRESS"))
        #expect(result.value == ["current": 1, "total": 2])
        #expect(result.dateDone == nil)
    }
}
