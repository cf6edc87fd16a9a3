// The inside of a pool child: one thread reads frames, one task runs jobs, one at a time.

import Glibc
import Processes
package import Tasks

/// The main program of a pool child.
package enum PoolChildMain {
    /// The word that makes our binary a pool child.
    package static let argument = "__pool-child"
    /// The descriptor of the socket to the worker.
    static let socketNumber: Int32 = 3

    /// Serves jobs until the worker says to finish, or is gone.
    ///
    /// - Parameter registry: the Swift tasks this binary was built with.
    package static func run(registry: TaskRegistry) async {
        SignalDispositions.settle()
        try? Descendants.becomeSubreaper()
        let socket = FrameSocket(OwnedDescriptor(owning: socketNumber))
        let line = JobLine()
        var runner = JobRunner(registry: registry, environment: .current()) { socket.send(.log($0)) }
        if let path = CommandLine.arguments.dropFirst(2).first { runner.controlGroups = ControlGroupRoom(path: path) }
        // What a child before this one left behind when it was killed.
        runner.controlGroups?.sweep()
        WorkThread.start {
            socket.readAll { frame in
                switch frame {
                case .job(let job): line.append(job)
                case .recall: socket.send(.returned(line.removeAll().map(\.tag)))
                case .finish: line.finish()
                case .ready, .report, .returned, .log: break
                }
            }
            // The worker is gone, and with it whoever could use what runs here.
            ProgramRun.killCurrent()
            _exit(0)
        }
        socket.send(.ready)
        while let job = await line.next() {
            socket.send(.report(await runner.run(job)))
        }
        _exit(0)
    }
}
