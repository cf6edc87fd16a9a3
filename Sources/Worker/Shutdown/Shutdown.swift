/// How a worker is asked to stop.
package enum Shutdown: Sendable, Comparable {
    /// Finish what runs, give back the rest.
    case warm
    /// Kill what runs, give back everything.
    case cold
}
