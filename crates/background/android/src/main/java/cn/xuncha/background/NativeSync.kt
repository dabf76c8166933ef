package cn.xuncha.background

/** What Rust does; see `src/android.rs`. */
internal object NativeSync {
    const val DONE = 0
    const val UNMETERED = 0
    const val METERED = 1

    init {
        // The app itself. In a process that WorkManager started no activity has loaded it.
        System.loadLibrary("xuncha_phone")
    }

    /** One sync of at most [limitS] seconds; [DONE], or anything else to come back. Blocks. */
    @JvmStatic
    external fun run(data: String, metered: Int, limitS: Int): Int

    /** Ends a [run] of another thread soon. */
    @JvmStatic
    external fun stop()
}
