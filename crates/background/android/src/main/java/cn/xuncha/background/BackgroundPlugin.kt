package cn.xuncha.background

import android.app.Activity
import androidx.appcompat.app.AppCompatActivity
import app.tauri.annotation.Command
import app.tauri.annotation.InvokeArg
import app.tauri.annotation.TauriPlugin
import app.tauri.plugin.Invoke
import app.tauri.plugin.Plugin

@InvokeArg
internal class ScheduleArgs {
    lateinit var data: String
}

@TauriPlugin
class BackgroundPlugin(private val activity: Activity) : Plugin(activity) {
    private var data: String? = null

    /** Called by Rust when the app starts. */
    @Command
    fun schedule(invoke: Invoke) {
        val data = invoke.parseArgs(ScheduleArgs::class.java).data
        this.data = data
        SyncWorker.regularly(activity.applicationContext, data)
        invoke.resolve()
    }

    /** The officer put the phone away: what is left goes now, before the system freezes the app. */
    override fun onStop(activity: AppCompatActivity) {
        data?.let { SyncWorker.soon(activity.applicationContext, it) }
    }
}
