import Glibc

/// The load average of the machine.
enum LoadAverage {
    /// Averages over 1, 5 and 15 minutes, rounded to two decimals. The corresponding C function is `getloadavg`.
    static var current: [Double] {
        var averages = [0.0, 0.0, 0.0]
        guard getloadavg(&averages, 3) == 3 else { return [0, 0, 0] }
        return averages.map { ($0 * 100).rounded() / 100 }
    }
}
