import Celery

/// A Swift program with tasks of its own, which is a `celery` command as well:
///
///     celery-example celeryd --detach
///     celery-example apply example.add 2 3 --wait
@main
struct Example {
    static func main() {
        CeleryProgram(
            tasks: Add.self, Nothing.self, Divide.self, Crash.self, Wait.self, Fetch.self, Unsteady.self, Announce.self, Hoard.self, Relay.self,
            Tidy.self, Count.self, Spread.self
        )
        // Regular functions are tasks as well.
        .task("example.join", arguments: ["words", "separator"]) { (words: [String], separator: String?) in
            words.joined(separator: separator ?? " ")
        }
        .task("example.greet", options: TaskOptions(maxRetries: 1)) { (context: TaskContext, name: String) in
            guard context.retries > 0 else { throw context.retry(in: .zero) }
            context.logger.info("hello, \(name)")
        }
        .main()
    }
}
