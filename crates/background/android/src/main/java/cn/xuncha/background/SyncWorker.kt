package cn.xuncha.background

import android.content.Context
import android.net.ConnectivityManager
import android.os.Build
import androidx.work.BackoffPolicy
import androidx.work.Constraints
import androidx.work.Data
import androidx.work.ExistingPeriodicWorkPolicy
import androidx.work.ExistingWorkPolicy
import androidx.work.NetworkType
import androidx.work.OneTimeWorkRequest
import androidx.work.OutOfQuotaPolicy
import androidx.work.PeriodicWorkRequest
import androidx.work.WorkManager
import androidx.work.WorkRequest
import androidx.work.Worker
import androidx.work.WorkerParameters
import java.util.concurrent.TimeUnit

/** One bounded sync, with or without the app on the screen. Runs only while there is a network. */
class SyncWorker(context: Context, parameters: WorkerParameters) : Worker(context, parameters) {
    override fun doWork(): Result {
        val data = inputData.getString(DATA) ?: return Result.failure()
        val done = NativeSync.run(data, metered(), LIMIT_S) == NativeSync.DONE
        return when {
            done -> Result.success()
            runAttemptCount < ATTEMPTS_MAX -> Result.retry()
            // The regular work comes anyway.
            else -> Result.failure()
        }
    }

    override fun onStopped() {
        NativeSync.stop()
    }

    private fun metered(): Int {
        val manager = applicationContext.getSystemService(Context.CONNECTIVITY_SERVICE) as ConnectivityManager
        return if (manager.isActiveNetworkMetered) NativeSync.METERED else NativeSync.UNMETERED
    }

    companion object {
        private const val DATA = "data"
        private const val REGULARLY = "cn.xuncha.sync.regularly"
        private const val SOON = "cn.xuncha.sync.soon"

        /** The system stops work after ten minutes; stopping ourselves keeps the next turn. */
        private const val LIMIT_S = 9 * 60

        /** WorkManager allows no shorter period. */
        private const val PERIOD_MIN = 15L

        /** Doubled each time: half a minute to four hours, over some eight hours. */
        private const val BACKOFF_S = 30L
        private const val ATTEMPTS_MAX = 10

        private val connected = Constraints.Builder().setRequiredNetworkType(NetworkType.CONNECTED).build()

        /** Keeps the work that there is, with this folder. */
        fun regularly(context: Context, data: String) {
            val request = of(PeriodicWorkRequest.Builder(SyncWorker::class.java, PERIOD_MIN, TimeUnit.MINUTES), data)
            WorkManager.getInstance(context)
                .enqueueUniquePeriodicWork(REGULARLY, ExistingPeriodicWorkPolicy.UPDATE, request.build())
        }

        /** Takes the place of one that waits out a back-off: perhaps the network is another one now. */
        fun soon(context: Context, data: String) {
            val request = of(OneTimeWorkRequest.Builder(SyncWorker::class.java), data)
            // Before Android 12 expedited work is a foreground service with a notification. Work that an app on the
            // screen asks for starts at once there anyway.
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) {
                request.setExpedited(OutOfQuotaPolicy.RUN_AS_NON_EXPEDITED_WORK_REQUEST)
            }
            WorkManager.getInstance(context).enqueueUniqueWork(SOON, ExistingWorkPolicy.REPLACE, request.build())
        }

        private fun <B : WorkRequest.Builder<B, *>> of(builder: B, data: String): B =
            builder
                .setConstraints(connected)
                .setBackoffCriteria(BackoffPolicy.EXPONENTIAL, BACKOFF_S, TimeUnit.SECONDS)
                .setInputData(Data.Builder().putString(DATA, data).build())
    }
}
