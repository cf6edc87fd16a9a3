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
            Tidy.self, Count.self
        ).main()
    }
}
