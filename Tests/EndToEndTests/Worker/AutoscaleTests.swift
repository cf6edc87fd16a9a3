import CeleryCore
import Fixtures
import Testing

/// A worker whose number of pool children follows the work.
@Suite(.blocking) struct AutoscaleTests {
    /// Submits tasks of which one may run at a time, and looks what the worker makes of it.
    private func run(_ project: Project, with variables: [String: String]) throws {
        try project.task("one.sh", "#!/bin/sh\n# celery: concurrency=1\nsleep 4\n")
        try project.task("free.sh", "#!/bin/sh\nsleep 4\n")
        let batch = (1...20).map { _ in #"{"task": "demo.tasks.one"}"# }.joined(separator: "\n")
        _ = try project.run("celery apply --batch -", input: batch, with: variables).text
        _ = try project.run("celery celeryd --detach -p w.pid -f w.log --autoscale 8,1", with: variables).text
        // It looks every second.
        #expect(eventually { project.log.contains("] processed") }, "\(project.log)")
    }

    private func growth(_ project: Project) -> [String] {
        project.log.split(separator: "\n").filter { $0.contains("Scaling up") }.compactMap { line in
            line.ranges(of: "Scaling up ").first.map { String(line[$0.upperBound...]) }
        }
    }

    @Test func `does not grow for tasks that may not run beside those that do, and does for others`() throws {
        let project = try Project()
        try run(project, with: [:])
        #expect(growth(project) == [])
        let batch = (1...20).map { _ in #"{"task": "demo.tasks.free"}"# }.joined(separator: "\n")
        _ = try project.run("celery apply --batch -", input: batch).text
        #expect(eventually { growth(project).last?.contains("to 8 ") ?? false }, "\(project.log)")
    }

    @Test func `grows by no more than it has, where RabbitMQ does not tell what may run`() throws {
        let place = try RabbitMQPlace()
        try run(place.project, with: place.variables())
        // The second child found nothing that it may do.
        #expect(growth(place.project) == ["from 1 to 2 pool children"], "\(place.project.log)")
    }
}
